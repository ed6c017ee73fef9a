"""Alternatives to a network, as a document; its data are `archcost.alternatives/1`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.metrics import METRICS
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records
from archcost.records.published import DATED
from archcost.render.columns import FilledColumn, build_number_column, build_text_column, transpose_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records.published import Alternatives

SCHEMA = "archcost.alternatives/1"
TIME = "time:"


def build_document(found: Alternatives, notes: Sequence[str]) -> Document:
    """Return the document of the alternatives to a network; `notes` say where the figures come from."""
    return Document(
        pages=lambda: (build_page(found, notes),),
        data=lambda: dump_json(
            {
                "schema": SCHEMA,
                "network": found.candidate.spec,
                "top1": found.candidate.top1,
                "source": found.candidate.source,
                "costs": dict(found.candidate.costs),
                "pretraining": found.pretraining,
                "found": found.found,
                "alternatives": _build_records(found),
                "notes": list(notes),
            }
        ),
        rows=lambda: read_records(_build_records(found), ("model", "size", "top1", *found.candidate.costs)),
    )


def build_page(found: Alternatives, notes: Sequence[str]) -> Page:
    """Return the page. Each cost stands beside its ratio to the network's own cost."""
    own, networks = found.candidate, [row.network for row in found.rows]
    accuracies = [own.top1, *(each.top1 for each in networks)]
    top1 = FilledColumn(
        Column(name="top1", heading="Top-1 %"), [Cell(text=units.fixed(value, 2), raw=value) for value in accuracies]
    )
    gained = FilledColumn(
        Column(name="gained", heading="Gained"),
        [Cell(), *(Cell(text=f"+{units.fixed(each.top1 - own.top1, 2)}") for each in networks)],
    )
    grid = [top1, gained]
    for name, limit in own.costs.items():
        values = [limit, *(row.costs[name] for row in found.rows)]
        grid.append(_build_cost_column(name, values))
        factors = [Cell(), *(Cell(text=f"{units.fixed(value / limit, 2)} x") for value in values[1:])] if limit else []
        if factors:
            grid.append(FilledColumn(Column(name=f"{name} factor", heading="", rank=1), factors))
    grid.append(build_text_column("pretraining", "Pretraining", ["", *(each.pretraining for each in networks)], rank=2))
    years = ["", *("" if each.year is None else str(each.year) for each in networks)]
    grid.append(build_text_column("year", "Year", years, rank=2))
    labels = [own.spec, *(each.spec for each in networks)]
    lines = [
        Line(name=label, label=label, cells=cells) for label, cells in zip(labels, transpose_cells(grid), strict=True)
    ]
    limits = ", ".join(_name(name) for name in own.costs)
    return Page(
        title=f"{units.exact(found.found)} alternatives to {own.spec}",
        facts=(f"as accurate, and no more {limits}", f"pretraining: {found.pretraining}", f"{len(networks)} nearest"),
        table=Table(heading="Network", columns=tuple(part.column for part in grid), lines=tuple(lines)),
        conventions="`timm.create_model` takes the names behind timm: without the size behind the @; "
        "torchvision's end in the name of their weights; top-1 is from one central crop of ImageNet's validation "
        f"images. {DATED}",
        remarks=tuple(Remark(kind="note", text=note) for note in (f"Its own accuracy: {own.source}.", *notes)),
    )


def _build_cost_column(name: str, values: Sequence[float]) -> FilledColumn:
    if name.startswith(TIME):
        cells = [Cell(text=units.fixed(1000 * value, 3), raw=value) for value in values]
        return FilledColumn(Column(name=name, heading=f"{_name(name)} ms/image"), cells)
    column = build_number_column(name, values, total=None)
    cells = [cell._replace(size=0.0, share="") for cell in column.cells]
    return FilledColumn(replace(column.column, shared=False), cells)


def _name(name: str) -> str:
    return f"time on {name.removeprefix(TIME)}" if name.startswith(TIME) else METRICS[name].label


def _build_records(found: Alternatives) -> list[dict[str, Any]]:
    return [
        {
            "model": row.network.model,
            "size": row.network.size,
            "top1": row.network.top1,
            "gained": round(row.network.top1 - found.candidate.top1, 3),
            **row.costs,
            "pretraining": row.network.pretraining,
            "year": row.network.year,
            "crop": row.network.crop,
        }
        for row in found.rows
    ]
