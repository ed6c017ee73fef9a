"""The view of saved tensors: the largest first, with the operators that keep each, and their source lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.page.page import Line
from archcost.render.columns import build_number_column, build_table, build_text_column, transpose_cells

if TYPE_CHECKING:
    from archcost.page.page import Table
    from archcost.records import Report, Saved


def build_saved(report: Report, *, binary: bool) -> Table:
    """Return a table with one line for each saved tensor.

    Raises:
        ArgumentError: the report does not list the saved tensors.
    """
    if report.saved is None:
        raise ArgumentError("the report does not list what is saved; profile with --train (train=..., saved=True)")
    grid = (
        build_number_column(
            "saved_bytes", [saved.nbytes for saved in report.saved], total=report.totals.saved_bytes, binary=binary
        ),
        build_text_column("tensor", "Tensor", [f"{units.shape(saved.shape)} {saved.dtype}" for saved in report.saved]),
        build_text_column("saved_by", "Saved by", [_spell_keeper(saved) for saved in report.saved]),
        build_text_column(
            "made_by", "Made by", [_spell_place(saved.maker, saved.made_at) for saved in report.saved], 1
        ),
    )
    lines = [
        Line(name=saved.layer, label=saved.layer, kind=report.layers[saved.row].kind, cells=cells)
        for saved, cells in zip(report.saved, transpose_cells(grid), strict=True)
    ]
    return build_table("Layer", grid, lines)


def _spell_keeper(saved: Saved) -> str:
    """Return "relu at model.py:41, and convolution": a tensor is freed only when all of these release it."""
    return ", and ".join((_spell_place(saved.operator, saved.line), *saved.also))


def _spell_place(operator: str, line: str) -> str:
    return f"{operator} at {line}" if line else operator
