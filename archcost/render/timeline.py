"""The memory view: what is alive while each layer's operators run, forward and backward, with the peak marked."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.page.page import Cell, Column, Line, Table
from archcost.render.columns import text_column

if TYPE_CHECKING:
    from archcost.records import Instant, Report


def timeline(report: Report, *, binary: bool) -> Table:
    """Return one line for each run of operators of one layer and phase: the most that is alive during it.

    Raises:
        ArgumentError: a report without a timeline.
    """
    if not report.timeline:
        raise ArgumentError("the report has no timeline; profile with timeline=True")
    spans = [list(group) for _, group in groupby(report.timeline, key=lambda instant: (instant.phase, instant.row))]
    peaks = [max(span, key=lambda instant: instant.live_bytes) for span in spans]
    largest = max(peaks, key=lambda instant: instant.live_bytes)
    scale = units.scale([instant.live_bytes for instant in peaks], binary=binary)
    live = [
        Cell(
            text=scale.text(i.live_bytes),
            raw=i.live_bytes,
            share=units.share(i.live_bytes, largest.live_bytes),
            size=i.live_bytes / largest.live_bytes,
        )
        for i in peaks
    ]
    column = Column(name="live_bytes", heading="Live", unit=f"{scale.prefix}B", shared=True)
    total = Cell(text=scale.text(largest.live_bytes), raw=largest.live_bytes)
    phases, phase_cells = text_column("phase", "Phase", [instant.phase for instant in peaks])
    counts = [Cell(text=units.exact(len(span)), raw=len(span)) for span in spans]
    remarks, remark_cells = text_column("remark", "", [_remark(instant, largest) for instant in peaks])
    lines = [
        Line(name=_name(instant), label=_name(instant), cells=cells)
        for instant, *cells_ in zip(peaks, phase_cells, counts, live, remark_cells, strict=True)
        for cells in [tuple(cells_)]
    ]
    operators = Cell(text=units.exact(len(report.timeline)), raw=len(report.timeline))
    return Table(
        heading="Layer",
        columns=(phases, Column(name="operators", heading="Operators"), column, remarks),
        lines=tuple(lines),
        total=Line(name="peak", label="Peak", role="total", cells=(Cell(), operators, total, Cell())),
    )


def _name(instant: Instant) -> str:
    return instant.layer or f"({instant.phase})"


def _remark(instant: Instant, largest: Instant) -> str:
    return f"peak, at {instant.op.partition('.')[2]}" if instant is largest else ""
