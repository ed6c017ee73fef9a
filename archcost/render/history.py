"""Costs of networks over a repository's commits, as a document: a table for each network, and a picture of all."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.metrics import METRICS
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.names import make_printable, write_plain
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archcost.records import History, HistoryPoint

SCHEMA = "archcost.history/1"


def build_document(history: History, metrics: Sequence[str], picture: Callable[[], str]) -> Document:
    """Return the document of a history.

    Args:
        history: the networks, each with its commits.
        metrics: the quantities of the tables and of the picture; JSON and CSV have all.
        picture: draws the SVG when a format needs it.
    """
    return Document(
        pages=lambda: _yield_pages(history, metrics, picture),
        data=lambda: dump_json({"schema": SCHEMA, **dataclasses.asdict(history)}),
        rows=lambda: read_records(_yield_records(history), ("network", "commit", "date", "subject")),
        picture=picture,
    )


def _yield_records(history: History) -> Iterator[dict[str, Any]]:
    """Yield one record for each commit of each network, with every known quantity."""
    for name, points in history.networks.items():
        for point in points:
            fixed = {"network": name, "commit": point.commit, "date": point.date, "subject": point.subject}
            yield {**fixed, "reason": point.reason or None, **(point.totals or {})}


def _yield_pages(history: History, metrics: Sequence[str], picture: Callable[[], str]) -> Iterator[Page]:
    known = any(point.totals for points in history.networks.values() for point in points)
    for place, (name, points) in enumerate(history.networks.items()):
        yield Page(
            title=f"{write_plain(name)}: {units.exact(len(points))} commit{'' if len(points) == 1 else 's'}",
            facts=(make_printable(history.source),),
            table=_build_table(points, metrics),
            remarks=tuple(
                Remark(kind="warning", text=f"{point.commit[:7]}: {make_printable(point.reason)}")
                for point in points
                if point.reason
            ),
            picture=picture if known and not place else None,
        )
    if not history.networks:
        yield Page(title="no network was ever locked", facts=(make_printable(history.source),))


def _build_table(points: Sequence[HistoryPoint], metrics: Sequence[str]) -> Table:
    lines = []
    before: HistoryPoint | None = None
    for point in points:
        lines.append(
            Line(
                name=point.commit,
                label=point.commit[:7],
                cells=(
                    Cell(text=point.date[:10], raw=point.date),
                    *(_build_cell(before, point, name) for name in metrics),
                    Cell(text=write_plain(point.subject), raw=point.subject),
                ),
            )
        )
        before = point if point.totals is not None else before
    return Table(
        heading="Commit",
        columns=(
            Column(name="date", heading="Date", numeric=False),
            *(Column(name=name, heading=METRICS[name].label) for name in metrics),
            Column(name="subject", heading="Subject", numeric=False),
        ),
        lines=tuple(lines),
    )


def _build_cell(before: HistoryPoint | None, point: HistoryPoint, name: str) -> Cell:
    """Return a quantity with its growth since the previous commit."""
    value = None if point.totals is None else point.totals.get(name)
    if value is None:
        return Cell(text="unreadable" if point.reason else "")
    was = None if before is None or before.totals is None else before.totals.get(name)
    grown = "" if was is None or was == value else f" {units.growth(was, value)}"
    return Cell(text=f"{units.short(value, METRICS[name].unit)}{grown}", raw=value)
