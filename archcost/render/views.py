"""The tables: one row per layer, per module, or per operator."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from archcost import units
from archcost.errors import ArgumentError
from archcost.metrics import METRICS, OPERATORS
from archcost.page.page import Cell, Column, Line, Raw, Table, order
from archcost.render import tree
from archcost.render.columns import (
    LAYER_RANKS,
    MODULE_RANKS,
    chosen,
    extents_column,
    kernel_text,
    layer_metric,
    number_column,
    outputs_text,
    subtotal,
    text_column,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Layer, OperatorCosts, Report

Grid = list[tuple[Column, list[Cell], Cell]]


def layers(report: Report, *, sort: str | None, columns: Sequence[str] | None, binary: bool) -> Table:
    """Return one line per layer in the order of execution, below their containers; sorted, a plain list instead."""
    ranks = chosen(columns, LAYER_RANKS, sort)
    rows = list(report.layers)
    if sort is not None:
        rows.sort(key=lambda layer: order(value_of(layer, sort)), reverse=True)
    grid = [_layer_column(name, rows, report, rank=rank, binary=binary) for name, rank in ranks.items()]
    grid = [part for part in grid if part[0].rank == 0 or any(cell.raw for cell in part[1])]
    spots = tree.places([tree.path_of(layer) for layer in rows])
    if sort is not None:
        spots = [tree.Place(containers=(), label=layer.name) for layer in rows]
    repeated = Counter(layer.name for layer in rows)
    lines: list[Line] = []
    above: tuple[tree.Path, ...] = ()
    for layer, spot, cells in zip(rows, spots, _across(grid), strict=True):
        for path, level, label in tree.entered(above, spot.containers):
            name = ".".join(path)
            lines.append(Line(name=name, label=label, level=level, kind=report.modules.get(name, ""), role="container"))
        above = spot.containers
        lines.append(_layer_line(layer, spot, report, cells, repeated=repeated[layer.name] > 1))
    return _table("Layer", grid, _with_sums(lines, grid))


def modules(report: Report, *, depth: int, sort: str | None, columns: Sequence[str] | None, binary: bool) -> Table:
    """Return the sums of every module down to `depth` levels; a module's line includes those below it."""
    ranks = chosen(columns, MODULE_RANKS, sort)
    refused = next((name for name in ranks if name != "rows" and not METRICS[name].sums), None)
    if refused is not None:
        raise ArgumentError(f"{refused} cannot be added up; `--view modules` shows sums, `--view layers` shows it")
    groups: dict[tree.Path, list[Layer]] = defaultdict(list)
    paths = [tree.path_of(layer) for layer in report.layers]
    for layer, path in zip(report.layers, paths, strict=True):
        for level in range(1, min(len(path), depth) + 1):
            groups[path[:level]].append(layer)
    kept = list(groups)
    if sort is None:
        first = {path: i for i, path in enumerate(groups)}
        kept.sort(key=lambda path: [first[path[:end]] for end in range(1, len(path) + 1)])
    else:
        whole = set(paths)
        kept = [path for path in kept if len(path) == depth or path in whole]
        kept.sort(key=lambda path: _sum(groups[path], sort) or 0, reverse=True)
    grid: Grid = []
    for name, rank in ranks.items():
        if rank and name != "rows" and getattr(report.totals, name) is None:
            continue
        values: list[Raw] = [_sum(groups[path], name) for path in kept]
        grid.append(_sum_column(name, values, report, rank=rank, binary=binary))
    lines = [
        Line(
            name=".".join(path),
            label=(".".join(path) if sort is not None else path[-1]) or groups[path][0].kind,
            level=0 if sort is not None else len(path) - 1,
            kind=report.modules.get(".".join(path), groups[path][0].kind),
            mark=_mark(groups[path], report),
            cells=cells,
        )
        for path, cells in zip(kept, _across(grid), strict=True)
    ]
    return _table("Module", grid, lines)


def operators(report: Report, *, sort: str | None, columns: Sequence[str] | None) -> Table:
    """Return one line per operator: those without a rule, then the costly ones, then the free ones."""
    names = OPERATORS if columns is None else tuple(columns)
    for name in (*names, *(() if sort is None else (sort,))):
        if layer_metric(name).name not in OPERATORS:
            raise ArgumentError(f"operators have no {name}; they have {', '.join(OPERATORS)}")
    names = tuple(dict.fromkeys((*names, *(() if sort is None else (sort,)))))
    keys = (sort,) if sort is not None else ("covered", *OPERATORS)
    costs = sorted(
        report.operators.items(),
        key=lambda item: (*(-getattr(item[1], key) if key != "covered" else item[1].covered for key in keys), item[0]),
    )
    calls = Column(name="calls", heading="Calls")
    counted = [Cell(text=units.exact(cost.calls), raw=cost.calls) for _, cost in costs]
    all_calls = sum(cost.calls for _, cost in costs)
    grid: Grid = [(calls, counted, Cell(text=units.exact(all_calls), raw=all_calls))]
    for name in names:
        values: list[Raw] = [getattr(cost, name) for _, cost in costs]
        total = sum(getattr(cost, name) for _, cost in costs)
        grid.append(number_column(name, values, total=total))
    remarks = [_remark(cost) for _, cost in costs]
    column, cells = text_column("remark", "Remark", remarks)
    grid.append((column, cells, Cell()))
    lines = [
        Line(name=name, label=name, mark="" if cost.covered else "uncovered", cells=cells)
        for (name, cost), cells in zip(costs, _across(grid), strict=True)
    ]
    return _table("Operator", grid, lines, "Total" if report.totals.backward_macs is None else "Total with backward")


def _remark(cost: OperatorCosts) -> str:
    if not cost.covered:
        return "no rule: counted as nothing"
    return "" if cost.why is None else f"free: {cost.why}"


def _with_sums(lines: Sequence[Line], grid: Grid) -> list[Line]:
    """Give each container the sums of the rows below it."""
    found = []
    for i, line in enumerate(lines):
        if line.role != "container":
            found.append(line)
            continue
        inside = takewhile(lambda other, level=line.level: other.level > level, lines[i + 1 :])  # type: ignore[misc]
        below = list(zip(*(other.cells for other in inside if other.role == "row"), strict=True))
        cells = [subtotal(column, cells, total) for (column, _, total), cells in zip(grid, below, strict=True)]
        found.append(replace(line, cells=tuple(cells)))
    return found


def _layer_line(layer: Layer, spot: tree.Place, report: Report, cells: tuple[Cell, ...], *, repeated: bool) -> Line:
    label = spot.label or layer.kind  # the network itself has no name
    if repeated and layer.call is not None:
        label = f"{label} #{units.number(layer.call)}"
    return Line(
        name=layer.name,
        label=label,
        level=len(spot.containers),
        kind=layer.kind,
        call=layer.call,
        mark=_mark([layer], report),
        cells=cells,
    )


def _layer_column(
    name: str, rows: Sequence[Layer], report: Report, *, rank: int, binary: bool
) -> tuple[Column, list[Cell], Cell]:
    if name == "kernel":
        return (*text_column(name, "Kernel", [kernel_text(layer) for layer in rows], rank), Cell())
    if name == "outputs":
        return (*text_column(name, "Output", [outputs_text(layer) for layer in rows], rank), Cell())
    values = [value_of(layer, name) for layer in rows]
    if name in {"receptive_field", "jump"}:
        return (*extents_column(name, values, rank), Cell())
    total = getattr(report.totals, name) if METRICS[name].sums else None
    return number_column(name, values, total=total, rank=rank, binary=binary)


def _sum_column(
    name: str, values: list[Raw], report: Report, *, rank: int, binary: bool
) -> tuple[Column, list[Cell], Cell]:
    if name == "rows":
        cells = [Cell(text=units.exact(value), raw=value) for value in values if isinstance(value, int)]
        total = len(report.layers)
        return Column(name=name, heading="Rows", rank=rank), cells, Cell(text=units.exact(total), raw=total)
    return number_column(name, values, total=getattr(report.totals, name), rank=rank, binary=binary)


def _sum(rows: Sequence[Layer], name: str) -> int | None:
    if name == "rows":
        return len(rows)
    known = [value for value in (getattr(layer, name) for layer in rows) if value is not None]
    return sum(known) if known else None


def _mark(rows: Sequence[Layer], report: Report) -> Literal["", "uncovered", "uncalled"]:
    if all(layer.call is None for layer in rows):
        return "uncalled"
    return "uncovered" if any(not report.uncovered.keys().isdisjoint(layer.operators) for layer in rows) else ""


def _across(grid: Grid) -> list[tuple[Cell, ...]]:
    return list(zip(*(cells for _, cells, _ in grid), strict=True))


def _table(heading: str, grid: Grid, lines: Sequence[Line], label: str = "Total") -> Table:
    total = Line(name="total", label=label, role="total", cells=tuple(cell for _, _, cell in grid))
    return Table(heading=heading, columns=tuple(column for column, _, _ in grid), lines=tuple(lines), total=total)
