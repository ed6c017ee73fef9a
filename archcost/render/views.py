"""The tables: one row per layer, per module, or per operator."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from archcost import units
from archcost.errors import ArgumentError
from archcost.metrics import METRICS, OPERATORS
from archcost.page.page import Cell, Line, Table, order
from archcost.render import tree
from archcost.render.columns import (
    LAYER_RANKS,
    MODULE_RANKS,
    Filled,
    build_table,
    chosen,
    count_column,
    extents_column,
    kernel_text,
    layer_metric,
    number_column,
    outputs_text,
    subtotal,
    text_column,
    transpose_cells,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Layer, OperatorCosts, Report

Groups = dict[tree.Path, list["Layer"]]


def layers(report: Report, *, sort: str | None, columns: Sequence[str] | None, binary: bool) -> Table:
    """Return one line per layer in the order of execution, below their containers; sorted, a plain list instead."""
    ranks = chosen(columns, LAYER_RANKS, sort)
    rows = list(report.layers)
    if sort is not None:
        rows.sort(key=lambda layer: order(value_of(layer, sort)), reverse=True)
    grid = [_layer_column(name, rows, report, rank=rank, binary=binary) for name, rank in ranks.items()]
    grid = [part for part in grid if part.column.rank == 0 or any(cell.raw for cell in part.cells)]
    spots = tree.places([tree.path_of(layer) for layer in rows])
    if sort is not None:
        spots = [tree.Place(containers=(), label=layer.name) for layer in rows]
    repeated = Counter(layer.name for layer in rows)
    lines: list[Line] = []
    above: tuple[tree.Path, ...] = ()
    for layer, spot, cells in zip(rows, spots, transpose_cells(grid), strict=True):
        for path, level, label in tree.entered(above, spot.containers):
            name = ".".join(path)
            lines.append(Line(name=name, label=label, level=level, kind=report.modules.get(name, ""), role="container"))
        above = spot.containers
        lines.append(_layer_line(layer, spot, report, cells, repeated=repeated[layer.name] > 1))
    return build_table("Layer", grid, _with_sums(lines, grid))


def modules(report: Report, *, depth: int, sort: str | None, columns: Sequence[str] | None, binary: bool) -> Table:
    """Return the sums of every module down to `depth` levels; a module's line includes those below it.

    Sorted, it is a plain list of the innermost ones instead.
    """
    ranks = chosen(columns, MODULE_RANKS, sort)
    for name in ranks:
        if name != "rows" and not METRICS[name].sums:
            raise ArgumentError(f"{name} cannot be added up; `--view modules` shows sums, `--view layers` shows it")
    groups = _group_layers(report.layers, depth)
    paths = _order_as_tree(groups) if sort is None else _order_by_sum(groups, sort, depth)
    rows = [groups[path] for path in paths]
    grid = [
        _sum_column(name, rows, report, rank=rank, binary=binary)
        for name, rank in ranks.items()
        if rank == 0 or name == "rows" or getattr(report.totals, name) is not None
    ]
    lines = [
        _module_line(path, groups[path], report, cells, nested=sort is None)
        for path, cells in zip(paths, transpose_cells(grid), strict=True)
    ]
    return build_table("Module", grid, lines)


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
    calls = [cost.calls for _, cost in costs]
    grid = [count_column("calls", "Calls", calls, total=sum(calls))]
    for name in names:
        values: list[int] = [getattr(cost, name) for _, cost in costs]
        grid.append(number_column(name, values, total=sum(values)))
    grid.append(text_column("remark", "Remark", [_remark(cost) for _, cost in costs]))
    lines = [
        Line(name=name, label=name, mark="" if cost.covered else "uncovered", cells=cells)
        for (name, cost), cells in zip(costs, transpose_cells(grid), strict=True)
    ]
    return build_table(
        "Operator", grid, lines, "Total" if report.totals.backward_macs is None else "Total with backward"
    )


def _group_layers(layers: Sequence[Layer], depth: int) -> Groups:
    """Return the layers of each module down to `depth` levels, in the order of execution."""
    groups: Groups = {}
    for layer in layers:
        path = tree.path_of(layer)
        for level in range(1, min(len(path), depth) + 1):
            groups.setdefault(path[:level], []).append(layer)
    return groups


def _order_as_tree(groups: Groups) -> list[tree.Path]:
    """Return the modules in the order of execution, each directly below the one that it is in."""
    first = {path: i for i, path in enumerate(groups)}
    return sorted(groups, key=lambda path: [first[path[:end]] for end in range(1, len(path) + 1)])


def _order_by_sum(groups: Groups, sort: str, depth: int) -> list[tree.Path]:
    """Return the innermost modules, the largest first: those at `depth`, and rows that lie above it."""
    innermost = [
        path for path, rows in groups.items() if len(path) == depth or any(tree.path_of(row) == path for row in rows)
    ]
    return sorted(innermost, key=lambda path: _sum(groups[path], sort) or 0, reverse=True)


def _module_line(
    path: tree.Path, rows: Sequence[Layer], report: Report, cells: tuple[Cell, ...], *, nested: bool
) -> Line:
    name = ".".join(path)
    label = path[-1] if nested else name
    return Line(
        name=name,
        label=label or rows[0].kind,  # the network itself has no name
        level=len(path) - 1 if nested else 0,
        kind=report.modules.get(name, rows[0].kind),
        mark=_mark(rows, report),
        cells=cells,
    )


def _remark(cost: OperatorCosts) -> str:
    if not cost.covered:
        return "no rule: counted as nothing"
    return "" if cost.why is None else f"free: {cost.why}"


def _with_sums(lines: Sequence[Line], grid: Sequence[Filled]) -> list[Line]:
    """Give each container the sums of the rows below it."""
    found = []
    for i, line in enumerate(lines):
        if line.role != "container":
            found.append(line)
            continue
        inside = takewhile(lambda other, level=line.level: other.level > level, lines[i + 1 :])  # type: ignore[misc]
        below = list(zip(*(other.cells for other in inside if other.role == "row"), strict=True))
        cells = [subtotal(part.column, cells, part.total) for part, cells in zip(grid, below, strict=True)]
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


def _layer_column(name: str, rows: Sequence[Layer], report: Report, *, rank: int, binary: bool) -> Filled:
    if name == "kernel":
        return text_column(name, "Kernel", [kernel_text(layer) for layer in rows], rank)
    if name == "outputs":
        return text_column(name, "Output", [outputs_text(layer) for layer in rows], rank)
    values = [value_of(layer, name) for layer in rows]
    if name in {"receptive_field", "jump"}:
        return extents_column(name, values, rank)
    total = getattr(report.totals, name) if METRICS[name].sums else None
    return number_column(name, values, total=total, rank=rank, binary=binary)


def _sum_column(name: str, groups: Sequence[Sequence[Layer]], report: Report, *, rank: int, binary: bool) -> Filled:
    if name == "rows":
        return count_column(name, "Rows", [len(rows) for rows in groups], total=len(report.layers), rank=rank)
    sums = [_sum(rows, name) for rows in groups]
    return number_column(name, sums, total=getattr(report.totals, name), rank=rank, binary=binary)


def _sum(rows: Sequence[Layer], name: str) -> int | None:
    if name == "rows":
        return len(rows)
    known = [value for value in (getattr(layer, name) for layer in rows) if value is not None]
    return sum(known) if known else None


def _mark(rows: Sequence[Layer], report: Report) -> Literal["", "uncovered", "uncalled"]:
    if all(layer.call is None for layer in rows):
        return "uncalled"
    return "uncovered" if any(not report.uncovered.keys().isdisjoint(layer.operators) for layer in rows) else ""
