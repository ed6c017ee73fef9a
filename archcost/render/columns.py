"""The columns of a table: their choice, their units, and their cells."""

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

# Default columns in their order, if they were counted; by rank, they give way when the terminal is too narrow.
LAYER_RANKS = {"kernel": 3, "outputs": 0, **ranks("layer")}
MODULE_RANKS = {"rows": 2, **ranks("module")}
FIXED = ("outputs",)


def choose_columns(names: Sequence[str] | None, ranks: dict[str, int], sort: str | None) -> dict[str, int]:
    """Return the requested columns, or the default ones, with their ranks; the sort column always shows.

    Raises:
        ArgumentError: a name is not a quantity of a row.
    """
    if names is not None:
        ranks = dict.fromkeys(
            (*(name for name in FIXED if name in ranks), *(find_layer_metric(n).name for n in names)), 0
        )
    if sort is not None:
        ranks = {**ranks, find_layer_metric(sort).name: 0}
    return ranks


def find_layer_metric(name: str) -> Metric:
    """Return the quantity of rows with this name.

    Raises:
        ArgumentError: the name is not a quantity, or only the whole network has it.
    """
    found = metric(name)
    if found.scope == "total":
        allowed = ", ".join(each.name for each in METRICS.values() if each.scope != "total")
        raise ArgumentError(f"{name} is a quantity of the whole network, not of a row; rows have {allowed}")
    return found


def read_value(layer: Layer, name: str) -> Raw:
    """Return a quantity of a row, derived ones included."""
    if name == "intensity":
        moved = layer.read_bytes + layer.written_bytes
        return layer.macs / moved if moved else None
    value: Raw = getattr(layer, name)
    return value


class FilledColumn(NamedTuple):
    """A column with the cell of each row and the cell of the sum, which is empty if the rows do not add up."""

    column: Column
    cells: Sequence[Cell]
    total: Cell = Cell()


def build_text_column(name: str, heading: str, texts: Sequence[str], rank: int = 0) -> FilledColumn:
    """Return a column of words."""
    column = Column(name=name, heading=heading, rank=rank, numeric=False)
    return FilledColumn(column, [Cell(text=text, raw=text) for text in texts])


def build_count_column(name: str, heading: str, counts: Sequence[int], *, total: int, rank: int = 0) -> FilledColumn:
    """Return a column of counts with all digits."""
    cells = [Cell(text=units.exact(count), raw=count) for count in counts]
    return FilledColumn(Column(name=name, heading=heading, rank=rank), cells, Cell(text=units.exact(total), raw=total))


def build_extents_column(name: str, values: Sequence[Raw], rank: int = 0) -> FilledColumn:
    """Return a column of one size per axis, such as the receptive field."""
    column = Column(name=name, heading=METRICS[name].label, rank=rank)
    return FilledColumn(column, [Cell(text=units.extents(_read_axes(value)), raw=value) for value in values])


def build_number_column(
    name: str, values: Sequence[Raw], *, total: float | None, rank: int = 0, binary: bool = False
) -> FilledColumn:
    """Return a column of numbers under one prefix, with shares and bars if they add up and always show."""
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
    """Return these columns' cells by row."""
    return list(zip(*(part.cells for part in grid), strict=True))


def build_table(heading: str, grid: Sequence[FilledColumn], lines: Sequence[Line], total: str = "Total") -> Table:
    """Return a table of these columns, with a line of their sums named `total`."""
    sums = Line(name="total", label=total, role="total", cells=tuple(part.total for part in grid))
    return Table(heading=heading, columns=tuple(part.column for part in grid), lines=tuple(lines), total=sums)


def add_cells(column: Column, cells: Sequence[Cell], total: Cell) -> Cell:
    """Return the cell of some rows' sum; empty if the column does not add up or no row has a number."""
    known = [cell.raw for cell in cells if isinstance(cell.raw, int)]
    if column.scale is None or not known:
        return Cell()
    whole = total.raw if column.shared and isinstance(total.raw, int) else 0
    return Cell(text=column.scale.text(sum(known)), raw=sum(known), share=units.share(sum(known), whole))


def spell_kernel(layer: Layer) -> str:
    """Return the window of a convolution or pool: "3x3", "7x7/2" with its stride, "5x5 g2" with its groups."""
    if layer.kernel is None:
        return ""
    text = units.shape(layer.kernel)
    if layer.stride is not None and any(step != 1 for step in layer.stride):
        text += f"/{units.extents(layer.stride)}"
    return f"{text} g{units.number(layer.groups)}" if layer.groups is not None and layer.groups > 1 else text


def spell_outputs(layer: Layer | Row) -> str:
    """Return a layer's output shapes, with equal neighbours counted: "1x961x16, 2 of 1x1x16"."""
    runs = [(shape, len(list(run))) for shape, run in groupby(layer.outputs)]
    return ", ".join(
        units.shape(shape) if count == 1 else f"{units.number(count)} of {units.shape(shape)}" for shape, count in runs
    )


def _read_axes(value: Raw) -> Extents | None:
    return value if isinstance(value, tuple) else None  # type: ignore[return-value]
