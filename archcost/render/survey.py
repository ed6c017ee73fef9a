"""A survey of published networks; its data are `archcost.survey/1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from archcost.records.published import Survey

SCHEMA = "archcost.survey/1"
HEADINGS = {
    "macs": "MACs", "macts": "MActs", "bytes": "Bytes", "bound": "Bound", "wrong": "Wrong order %",
    "close": "Of close %", "rate": "TMACs/s", "batch": "Batch",
}  # fmt: skip
PLACES = {"wrong": 1, "close": 1, "batch": 0}
CONVENTIONS = {
    "time": "MACs, MActs, Bytes, Bound: Spearman's rank correlation with the published time of an image, each "
    "architecture and size once. Bytes: read and written, parameters once a batch. Bound: the larger of the two times "
    "that the device's datasheet allows, where it states both. Wrong order: pairs of which the network with fewer "
    "multiply-adds takes longer; of close: of pairs that differ by a factor of two at most. TMACs/s: 10^12 "
    "multiply-adds a second, the median; batch: the median.",
    "accuracy": "The best published top-1 accuracy (%) of a network with at most that many multiply-adds.",
}

SUMMED = "A row counts the architectures whose paper was first published by the end of its year."


def build_document(found: Survey) -> Document:
    """Return what there is to show of a survey."""
    return Document(
        pages=lambda: (build_page(found),),
        data=lambda: dump_json(
            {
                "schema": SCHEMA,
                "subject": found.subject,
                "by": found.by,
                "device": found.device or None,
                "groups": _build_records(found),
                "notes": list(found.notes),
            }
        ),
        rows=lambda: read_records(_build_records(found), (found.by, "networks")),
    )


def build_page(found: Survey) -> Page:
    """Return what is shown, whatever the form."""
    names = list(found.groups[0].figures) if found.groups else []
    columns = [Column(name="networks", heading="Networks" if found.subject == "time" else "Weights")]
    columns += [Column(name=name, heading=_head(name)) for name in names]
    lines = [
        Line(
            name=group.name,
            label=group.name,
            cells=(
                Cell(text=units.exact(group.networks), raw=group.networks),
                *(_fill(name, group.figures[name]) for name in names),
            ),
        )
        for group in found.groups
    ]
    return Page(
        title=f"{found.subject.capitalize()} of published networks, by {found.by}",
        facts=(f"on {found.device}",) if found.device else (),
        table=Table(heading=found.by.capitalize(), columns=tuple(columns), lines=tuple(lines)),
        conventions=CONVENTIONS[found.subject] + (f" {SUMMED}" if found.by == "year" else ""),
        remarks=tuple(Remark(kind="note", text=note) for note in found.notes),
    )


def _head(name: str) -> str:
    return HEADINGS.get(name) or f"{float(name) / 1e9:g} G MACs"


def _fill(name: str, value: float | None) -> Cell:
    if value is None:
        return Cell()
    if name == "rate":
        return Cell(text=units.fixed(value / 1e12, 2), raw=value)
    return Cell(text=units.fixed(value, PLACES.get(name, 2 if name in HEADINGS else 1)), raw=value)


def _build_records(found: Survey) -> list[dict[str, Any]]:
    return [{found.by: group.name, "networks": group.networks, **group.figures} for group in found.groups]
