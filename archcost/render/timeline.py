"""The memory view: the live memory while each layer's operators run, forward and backward, with the peak marked."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.page.page import Cell, Column, Line
from archcost.render.columns import FilledColumn, build_count_column, build_table, build_text_column, transpose_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.page.page import Table
    from archcost.records import Instant, Report


def build_timeline(report: Report, *, binary: bool) -> Table:
    """Return a table with one line for each run of operators of one layer and phase, with its largest live memory.

    Raises:
        ArgumentError: the report has no timeline.
    """
    if not report.timeline:
        raise ArgumentError("the report has no timeline; profile with timeline=True")
    spans = [list(group) for _, group in groupby(report.timeline, key=lambda instant: (instant.phase, instant.row))]
    peaks = [max(span, key=lambda instant: instant.live_bytes) for span in spans]
    largest = max(peaks, key=lambda instant: instant.live_bytes)
    grid = (
        build_text_column("phase", "Phase", [instant.phase for instant in peaks]),
        build_count_column("operators", "Operators", [len(span) for span in spans], total=len(report.timeline)),
        _build_live_column(peaks, largest, binary=binary),
        build_text_column("remark", "", [_spell_remark(instant, largest) for instant in peaks]),
    )
    lines = [
        Line(name=_name_place(instant), label=_name_place(instant), cells=cells)
        for instant, cells in zip(peaks, transpose_cells(grid), strict=True)
    ]
    return build_table("Layer", grid, lines, "Peak")


def _build_live_column(peaks: Sequence[Instant], largest: Instant, *, binary: bool) -> FilledColumn:
    """Return the column of live memory, with bars against the peak."""
    scale = units.scale([instant.live_bytes for instant in peaks], binary=binary)
    most = largest.live_bytes
    cells = [
        Cell(
            text=scale.text(instant.live_bytes),
            raw=instant.live_bytes,
            share=units.share(instant.live_bytes, most),
            size=instant.live_bytes / most,
        )
        for instant in peaks
    ]
    column = Column(name="live_bytes", heading="Live", unit=f"{scale.prefix}B", shared=True)
    return FilledColumn(column, cells, Cell(text=scale.text(most), raw=most))


def _name_place(instant: Instant) -> str:
    return instant.layer or f"({instant.phase})"


def _spell_remark(instant: Instant, largest: Instant) -> str:
    return f"peak, at {instant.op.partition('.')[2]}" if instant is largest else ""
