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
    FilledColumn,
    add_cells,
    build_count_column,
    build_extents_column,
    build_number_column,
    build_table,
    build_text_column,
    choose_columns,
    find_layer_metric,
    read_value,
    spell_kernel,
    spell_outputs,
    transpose_cells,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Layer, OperatorCosts, Report

Groups = dict[tree.Path, list["Layer"]]


def build_layers(report: Report, *, sort: str | None, columns: Sequence[str] | None, binary: bool) -> Table:
    """Return one line per layer in the order of execution, below its containers; with a sort order, a plain list."""
    ranks = choose_columns(columns, LAYER_RANKS, sort)
    rows = list(report.layers)
    if sort is not None:
        rows.sort(key=lambda layer: order(read_value(layer, sort)), reverse=True)
    grid = [_build_layer_column(name, rows, report, rank=rank, binary=binary) for name, rank in ranks.items()]
    grid = [part for part in grid if part.column.rank == 0 or any(cell.raw for cell in part.cells)]
    spots = tree.build_places([tree.read_path(layer) for layer in rows])
    if sort is not None:
        spots = [tree.Place(containers=(), label=layer.name) for layer in rows]
    repeated = Counter(layer.name for layer in rows)
    lines: list[Line] = []
    above: tuple[tree.Path, ...] = ()
    for layer, spot, cells in zip(rows, spots, transpose_cells(grid), strict=True):
        for path, level, label in tree.yield_entered(above, spot.containers):
            name = ".".join(path)
            lines.append(Line(name=name, label=label, level=level, kind=report.modules.get(name, ""), role="container"))
        above = spot.containers
        lines.append(_build_layer_line(layer, spot, report, cells, repeated=repeated[layer.name] > 1))
    return build_table("Layer", grid, _add_sums(lines, grid))


def build_modules(
    report: Report, *, depth: int, sort: str | None, columns: Sequence[str] | None, binary: bool
) -> Table:
    """Return the sums of every module down to `depth` levels; a module's line includes the modules below it.

    With a sort order, return a plain list of the innermost modules.
    """
    ranks = choose_columns(columns, MODULE_RANKS, sort)
    for name in ranks:
        if name != "rows" and not METRICS[name].sums:
            raise ArgumentError(f"{name} cannot be added up; `--view modules` shows sums, `--view layers` shows it")
    groups = _group_layers(report.layers, depth)
    paths = _order_as_tree(groups) if sort is None else _order_by_sum(groups, sort, depth)
    rows = [groups[path] for path in paths]
    grid = [
        _build_sum_column(name, rows, report, rank=rank, binary=binary)
        for name, rank in ranks.items()
        if rank == 0 or name == "rows" or getattr(report.totals, name) is not None
    ]
    lines = [
        _build_module_line(path, groups[path], report, cells, nested=sort is None)
        for path, cells in zip(paths, transpose_cells(grid), strict=True)
    ]
    return build_table("Module", grid, lines)


def build_operators(report: Report, *, sort: str | None, columns: Sequence[str] | None) -> Table:
    """Return one line per operator: first operators without a rule, then costly ones, then free ones."""
    names = OPERATORS if columns is None else tuple(columns)
    for name in (*names, *(() if sort is None else (sort,))):
        if find_layer_metric(name).name not in OPERATORS:
            raise ArgumentError(f"operators have no {name}; they have {', '.join(OPERATORS)}")
    names = tuple(dict.fromkeys((*names, *(() if sort is None else (sort,)))))
    keys = (sort,) if sort is not None else ("covered", *OPERATORS)
    costs = sorted(
        report.operators.items(),
        key=lambda item: (*(-getattr(item[1], key) if key != "covered" else item[1].covered for key in keys), item[0]),
    )
    calls = [cost.calls for _, cost in costs]
    grid = [build_count_column("calls", "Calls", calls, total=sum(calls))]
    for name in names:
        values: list[int] = [getattr(cost, name) for _, cost in costs]
        grid.append(build_number_column(name, values, total=sum(values)))
    grid.append(build_text_column("remark", "Remark", [_spell_remark(cost) for _, cost in costs]))
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
        path = tree.read_path(layer)
        for level in range(1, min(len(path), depth) + 1):
            groups.setdefault(path[:level], []).append(layer)
    return groups


def _order_as_tree(groups: Groups) -> list[tree.Path]:
    """Return the modules in the order of execution, each directly below its parent."""
    first = {path: i for i, path in enumerate(groups)}
    return sorted(groups, key=lambda path: [first[path[:end]] for end in range(1, len(path) + 1)])


def _order_by_sum(groups: Groups, sort: str, depth: int) -> list[tree.Path]:
    """Return the innermost modules, the largest first: modules at `depth`, and rows above it."""
    innermost = [
        path for path, rows in groups.items() if len(path) == depth or any(tree.read_path(row) == path for row in rows)
    ]
    return sorted(innermost, key=lambda path: _add_values(groups[path], sort) or 0, reverse=True)


def _build_module_line(
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


def _spell_remark(cost: OperatorCosts) -> str:
    if not cost.covered:
        return "no rule: counted as nothing"
    return "" if cost.why is None else f"free: {cost.why}"


def _add_sums(lines: Sequence[Line], grid: Sequence[FilledColumn]) -> list[Line]:
    """Give each container the sums of the rows below it."""
    found = []
    for i, line in enumerate(lines):
        if line.role != "container":
            found.append(line)
            continue
        inside = takewhile(lambda other, level=line.level: other.level > level, lines[i + 1 :])  # type: ignore[misc]
        below = list(zip(*(other.cells for other in inside if other.role == "row"), strict=True))
        cells = [add_cells(part.column, cells, part.total) for part, cells in zip(grid, below, strict=True)]
        found.append(replace(line, cells=tuple(cells)))
    return found


def _build_layer_line(
    layer: Layer, spot: tree.Place, report: Report, cells: tuple[Cell, ...], *, repeated: bool
) -> Line:
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
        work=layer.role or "",
        cells=cells,
    )


def _build_layer_column(name: str, rows: Sequence[Layer], report: Report, *, rank: int, binary: bool) -> FilledColumn:
    if name == "kernel":
        return build_text_column(name, "Kernel", [spell_kernel(layer) for layer in rows], rank)
    if name == "outputs":
        return build_text_column(name, "Output", [spell_outputs(layer) for layer in rows], rank)
    values = [read_value(layer, name) for layer in rows]
    if name in {"receptive_field", "jump"}:
        return build_extents_column(name, values, rank)
    total = getattr(report.totals, name) if METRICS[name].sums else None
    return build_number_column(name, values, total=total, rank=rank, binary=binary)


def _build_sum_column(
    name: str, groups: Sequence[Sequence[Layer]], report: Report, *, rank: int, binary: bool
) -> FilledColumn:
    if name == "rows":
        return build_count_column(name, "Rows", [len(rows) for rows in groups], total=len(report.layers), rank=rank)
    sums = [_add_values(rows, name) for rows in groups]
    return build_number_column(name, sums, total=getattr(report.totals, name), rank=rank, binary=binary)


def _add_values(rows: Sequence[Layer], name: str) -> int | None:
    if name == "rows":
        return len(rows)
    known = [value for value in (getattr(layer, name) for layer in rows) if value is not None]
    return sum(known) if known else None


def _mark(rows: Sequence[Layer], report: Report) -> Literal["", "uncovered", "uncalled"]:
    if all(layer.call is None for layer in rows):
        return "uncalled"
    return "uncovered" if any(not report.uncovered.keys().isdisjoint(layer.operators) for layer in rows) else ""
