"""The columns of a table: which ones, in which unit, and every row's cell in them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from archcost import units
from archcost.errors import ArgumentError
from archcost.metrics import METRICS, Metric, metric, ranks
from archcost.page.page import Cell, Column, Line, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.page.page import Raw
    from archcost.records import Extents, Layer, Row

# Shown by default, in this order, where they were counted; the rank says in which order they give way where room is
# short.
LAYER_RANKS = {"kernel": 3, "outputs": 0, **ranks("layer")}
MODULE_RANKS = {"rows": 2, **ranks("module")}
FIXED = ("outputs",)


def choose_columns(names: Sequence[str] | None, ranks: dict[str, int], sort: str | None) -> dict[str, int]:
    """Return the columns that were asked for, or the default ones, with their ranks; the sorted one always shows.

    Raises:
        ArgumentError: a name that is not a quantity of a row.
    """
    if names is not None:
        ranks = dict.fromkeys(
            (*(name for name in FIXED if name in ranks), *(find_layer_metric(n).name for n in names)), 0
        )
    if sort is not None:
        ranks = {**ranks, find_layer_metric(sort).name: 0}
    return ranks


def find_layer_metric(name: str) -> Metric:
    """Return the quantity of a name, if a row has it.

    Raises:
        ArgumentError: a name that is not a quantity, or one that only the whole network has.
    """
    found = metric(name)
    if found.scope == "total":
        allowed = ", ".join(each.name for each in METRICS.values() if each.scope != "total")
        raise ArgumentError(f"{name} is a quantity of the whole network, not of a row; rows have {allowed}")
    return found


def read_value(layer: Layer, name: str) -> Raw:
    """Return a quantity of a row, also those that follow from others."""
    if name == "intensity":
        moved = layer.read_bytes + layer.written_bytes
        return layer.macs / moved if moved else None
    value: Raw = getattr(layer, name)
    return value


class FilledColumn(NamedTuple):
    """A column, the cell of each row in it, and the cell of their sum; empty where they do not add up."""

    column: Column
    cells: Sequence[Cell]
    total: Cell = Cell()


def build_text_column(name: str, heading: str, texts: Sequence[str], rank: int = 0) -> FilledColumn:
    """Return a column of words."""
    column = Column(name=name, heading=heading, rank=rank, numeric=False)
    return FilledColumn(column, [Cell(text=text, raw=text) for text in texts])


def build_count_column(name: str, heading: str, counts: Sequence[int], *, total: int, rank: int = 0) -> FilledColumn:
    """Return a column of counts, with every digit."""
    cells = [Cell(text=units.exact(count), raw=count) for count in counts]
    return FilledColumn(Column(name=name, heading=heading, rank=rank), cells, Cell(text=units.exact(total), raw=total))


def build_extents_column(name: str, values: Sequence[Raw], rank: int = 0) -> FilledColumn:
    """Return a column of one size per axis, such as the receptive field."""
    column = Column(name=name, heading=METRICS[name].label, rank=rank)
    return FilledColumn(column, [Cell(text=units.extents(_read_axes(value)), raw=value) for value in values])


def build_number_column(
    name: str, values: Sequence[Raw], *, total: float | None, rank: int = 0, binary: bool = False
) -> FilledColumn:
    """Return a column of numbers under one prefix; where they add up and always show, with shares and bars."""
    found = METRICS[name]
    known = [value for value in values if isinstance(value, int | float)]
    prefixed, shared = found.sums or found.unit == "B", found.sums and rank == 0
    scale = units.scale([*known, total or 0] if prefixed else known, binary=binary and found.unit == "B")
    spell: Callable[[float], str] = scale.text if prefixed or name == "intensity" else units.number
    whole, largest = (total or 0, max(known, default=0)) if shared else (0, 0)

    def fill(value: Raw) -> Cell:
        if not isinstance(value, int | float):
            return Cell()
        size = value / largest if largest else 0.0
        return Cell(text=spell(value), raw=value, share=units.share(value, whole), size=size)

    column = Column(
        name=name,
        heading=found.label,
        unit=f"{scale.prefix}{found.unit}" if prefixed else "",
        rank=rank,
        shared=shared,
        scale=scale if found.sums else None,
    )
    return FilledColumn(column, [fill(value) for value in values], fill(total)._replace(size=0.0))


def transpose_cells(grid: Sequence[FilledColumn]) -> list[tuple[Cell, ...]]:
    """Return the cells of each row of these columns."""
    return list(zip(*(part.cells for part in grid), strict=True))


def build_table(heading: str, grid: Sequence[FilledColumn], lines: Sequence[Line], total: str = "Total") -> Table:
    """Return a table of these columns with the line of their sums, which is called `total`."""
    sums = Line(name="total", label=total, role="total", cells=tuple(part.total for part in grid))
    return Table(heading=heading, columns=tuple(part.column for part in grid), lines=tuple(lines), total=sums)


def add_cells(column: Column, cells: Sequence[Cell], total: Cell) -> Cell:
    """Return the sum of some rows' cells; empty where the column's rows do not add up or none has a number."""
    known = [cell.raw for cell in cells if isinstance(cell.raw, int)]
    if column.scale is None or not known:
        return Cell()
    whole = total.raw if column.shared and isinstance(total.raw, int) else 0
    return Cell(text=column.scale.text(sum(known)), raw=sum(known), share=units.share(sum(known), whole))


def spell_kernel(layer: Layer) -> str:
    """Describe the window of a convolution or pool: "3x3", "7x7/2" with its stride, "5x5 g2" with its groups."""
    if layer.kernel is None:
        return ""
    text = units.shape(layer.kernel)
    if layer.stride is not None and any(step != 1 for step in layer.stride):
        text += f"/{units.extents(layer.stride)}"
    return f"{text} g{units.number(layer.groups)}" if layer.groups is not None and layer.groups > 1 else text


def spell_outputs(layer: Layer | Row) -> str:
    """Describe the shapes that a layer hands on; equal neighbours are counted: "1x961x16, 2 of 1x1x16"."""
    runs = [(shape, len(list(run))) for shape, run in groupby(layer.outputs)]
    return ", ".join(
        units.shape(shape) if count == 1 else f"{units.number(count)} of {units.shape(shape)}" for shape, count in runs
    )


def _read_axes(value: Raw) -> Extents | None:
    return value if isinstance(value, tuple) else None  # type: ignore[return-value]
