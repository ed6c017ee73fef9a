"""A sweep as text: one line for each cell, and what has to be known of those that did not go well."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, TextIO

from archcost import units
from archcost.page.page import Cell as Entry, Column, Line, Page, Remark, Table
from archcost.render import timing
from archcost.render.columns import text_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from archcost.records import Cell, Sample, Sweep

SCHEMA = "archcost.timing/1"


def render(
    sweep: Sweep, format_: str = "table", *, layers: bool = False, color: str = "auto", target: TextIO | None = None
) -> str:
    """Return a sweep as "table", "json" (every sample of every row), "csv", "markdown" or "html".

    With `layers`, the rows of every cell follow (or take the place of the cells, in CSV); the rest is as for
    `archcost.render.render`.
    """
    if format_ == "json":
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(sweep)}, sort_keys=True, allow_nan=False) + "\n"
    if format_ == "csv":
        return _csv(sweep, layers=layers)
    pages = [_page(sweep), *(_rows_pages(sweep) if layers else ())]
    if format_ == "markdown":
        from archcost.page.markdown import markdown

        return "\n".join(map(markdown, pages))
    if format_ == "html":
        from archcost.page.html import html

        return html(*pages)
    from archcost.page.target import fitted

    return "\n".join(fitted(page, target, width=None, color=color) for page in pages)


def render_last(sweep: Sweep, lines: int, *, color: str, target: TextIO) -> str:
    """Return the table of the cells that were timed last, at most so many, for a terminal that shows them meanwhile."""
    from archcost.page.target import fitted

    last = dataclasses.replace(sweep, cells=sweep.cells[-lines:])
    if not last.cells:
        return ""
    return fitted(Page(title=_title(sweep), table=_table(last)), target, width=None, color=color)


def label(cell: Cell, sweep: Sweep) -> str:
    """Return what tells a cell from the others: "batch 4, bfloat16"."""
    axes = [f"{name} {text}" if name == "batch" else text for name, text in _axes(cell).items()]
    shown = [name for name in _axes(cell) if name == "batch" or len({_axes(each)[name] for each in sweep.cells}) > 1]
    return ", ".join(text for name, text in zip(_axes(cell), axes, strict=True) if name in shown)


def troubles(sweep: Sweep) -> Iterator[str]:
    """Say what failed, and what is missing for a figure to be trusted."""
    said: list[tuple[Cell, str]] = []
    for cell in sweep.cells:
        if cell.sample is None:
            said.append((cell, f"{cell.outcome}: {cell.message}"))
        elif cell.sample.unmet:
            said.append((cell, f"unmet: {'; '.join(cell.sample.unmet)}"))
    yield from _once(said, sweep)


def _once(said: Iterable[tuple[Cell, str]], sweep: Sweep) -> Iterator[str]:
    """Yield each text once, behind the cells that it is said of."""
    where: dict[str, list[str]] = {}
    for cell, text in said:
        where.setdefault(text, []).append(label(cell, sweep))
    for text, labels in where.items():
        everywhere = len(labels) == len(sweep.cells) > 1
        yield f"{'all' if everywhere else '; '.join(labels)}: {text}"


def _axes(cell: Cell) -> dict[str, str]:
    plan = cell.plan
    dtype = plan.dtype or ("" if cell.sample is None else cell.sample.dtype)
    return {
        "batch": units.exact(cell.batch),
        "input": ", ".join(cell.inputs),
        "dtype": dtype if plan.amp is None else f"{plan.amp} autocast",
        "layout": "channels last" if plan.channels_last else "contiguous",
        "mode": "compiled" if plan.compiled else "eager",
    }


def _page(sweep: Sweep) -> Page:
    first = sweep.cells[0] if sweep.cells else None
    facts = []
    if first is not None:
        what = "inference" if first.train is None else f"training with {first.train}"
        constant = [text for name, text in _axes(first).items() if name not in {"batch", *_varying(sweep)}]
        facts = [what, *constant]
    if len(sweep.cells) < sweep.asked:
        facts.append(f"stopped after {units.exact(len(sweep.cells))} of {units.exact(sweep.asked)} cells")
    done = next((cell.sample for cell in sweep.cells if cell.sample is not None), None)
    return Page(
        title=_title(sweep),
        facts=tuple(facts),
        table=_table(sweep) if sweep.cells else None,
        conventions="" if done is None else _conventions(done),
        remarks=tuple(_remarks(sweep)),
    )


def _title(sweep: Sweep) -> str:
    return sweep.name if sweep.name == sweep.network else f"{sweep.name} ({sweep.network})"


def _conventions(sample: Sample) -> str:
    found = sample.conditions
    where = [
        found.device,
        found.driver and f"driver {found.driver}",
        f"torch {found.torch}",
        found.threads and f"{units.number(found.threads)} thread{'s' if found.threads > 1 else ''}",
    ]
    return (
        f"{', '.join(part for part in where if part)}; the median of n iterations; FLOP/s are those of the "
        "multiply-adds; overhead and coverage are of the passes with an event at each layer."
    )


def _varying(sweep: Sweep) -> list[str]:
    return [
        name for name in ("input", "dtype", "layout", "mode") if len({_axes(cell)[name] for cell in sweep.cells}) > 1
    ]


def _table(sweep: Sweep) -> Table:
    cells = sweep.cells
    axes = [text_column(name, name.capitalize(), [_axes(cell)[name] for cell in cells]) for name in _varying(sweep)]
    grid = [
        *axes,
        *_times(cells),
        *_derived(cells),
        text_column("outcome", "", [_remark(cell) for cell in cells]),
    ]
    lines = tuple(
        Line(name=units.number(cell.batch), label=units.exact(cell.batch), cells=entries)
        for cell, entries in zip(cells, zip(*(entries for _, entries in grid), strict=True), strict=True)
    )
    return Table(heading="Batch", columns=tuple(column for column, _ in grid), lines=lines)


Part = tuple[Column, list[Entry]]


def _times(cells: Sequence[Cell]) -> Iterator[Part]:
    medians = [cell.sample.end_to_end.median for cell in cells if cell.sample is not None]
    scale = units.duration_scale(max(medians, default=0))
    of: dict[str, tuple[str, int, Callable[[Sample], float | None]]] = {
        "median_ns": ("Median", 0, lambda s: s.end_to_end.median),
        "p10_ns": ("p10", 2, lambda s: s.end_to_end.quantile(0.1)),
        "p90_ns": ("p90", 2, lambda s: s.end_to_end.quantile(0.9)),
        "wall_ns": ("Wall", 1, lambda s: None if s.wall is None else s.wall.median),
    }
    for name, (heading, rank, value) in of.items():
        entries = _entries(cells, value, scale.text)
        if name != "wall_ns" or any(entry.raw for entry in entries):
            yield Column(name=name, heading=heading, unit=f"{scale.prefix}s", rank=rank), entries
    yield Column(name="n", heading="n"), _entries(cells, lambda s: s.end_to_end.n, units.number)
    yield Column(name="spread", heading="Spread"), _entries(cells, lambda s: s.end_to_end.spread, units.percent)


def _derived(cells: Sequence[Cell]) -> Iterator[Part]:
    yield (
        Column(name="images_per_second", heading="Images/s"),
        _entries(cells, lambda s: s.images_per_second, units.IMAGES.text),
    )
    flops = [None if c.sample is None else 2 * (c.macs or 0) * 10**9 / c.sample.end_to_end.median for c in cells]
    scale = units.rate_scale([value for value in flops if value is not None])
    yield (
        Column(name="flops_per_second", heading="", unit=f"{scale.prefix}FLOP/s", rank=1),
        [Entry() if value is None else Entry(text=scale.text(value), raw=value) for value in flops],
    )
    for name, of in {
        "coverage": lambda s: None if s.layers is None else s.layers.coverage,
        "overhead": lambda s: None if s.layers is None else s.layers.overhead,
    }.items():
        entries = _entries(cells, of, units.percent)
        if any(entry.raw is not None for entry in entries):
            yield Column(name=name, heading=name.capitalize(), rank=1), entries
    if any(cell.sample is not None and cell.sample.memory is not None for cell in cells):
        yield (
            Column(name="peak_allocated_bytes", heading="Allocated", rank=2),
            _entries(cells, lambda s: None if s.memory is None else s.memory.allocated_bytes, _bytes),
        )
    peaks = [cell.predicted_bytes for cell in cells]
    yield (
        Column(name="predicted_peak_bytes", heading="Predicted peak", rank=3),
        [Entry() if peak is None else Entry(text=_bytes(peak), raw=peak) for peak in peaks],
    )


def _bytes(value: float) -> str:
    return units.short(value, "B")


def _entries(
    cells: Sequence[Cell], value: Callable[[Sample], float | None], text: Callable[[float], str]
) -> list[Entry]:
    values = [None if cell.sample is None else value(cell.sample) for cell in cells]
    return [Entry() if each is None else Entry(text=text(each), raw=each) for each in values]


def _remark(cell: Cell) -> str:
    if cell.sample is None:
        return cell.outcome
    marks = ["CPU-bound"] if cell.sample.cpu_bound else []
    return " ".join([*marks, *(["unmet"] if cell.sample.unmet else [])])


def _remarks(sweep: Sweep) -> Iterator[Remark]:
    yield from (Remark(kind="warning", text=text) for text in troubles(sweep))
    notes = [(cell, text) for cell in sweep.cells if cell.sample is not None for text in cell.sample.notes]
    yield from (Remark(kind="note", text=text) for text in _once(notes, sweep))
    if any(cell.sample is not None and cell.sample.wall is not None for cell in sweep.cells):
        yield Remark(kind="note", text=timing.UNCHECKED)


def _rows_pages(sweep: Sweep) -> Iterator[Page]:
    for cell in sweep.cells:
        if cell.sample is not None and cell.sample.layers is not None:
            yield Page(
                title=f"{sweep.name}, {label(cell, sweep)}",
                table=timing.rows_table(cell.sample),
                conventions=timing.conditions(cell.sample),
                remarks=tuple(each for each in timing.remarks(cell.sample) if each.kind == "note"),
            )


def _csv(sweep: Sweep, *, layers: bool) -> str:
    """Return one line for each cell, or for each row of each: `network`, `batch` and `seconds` are what charts read."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for i, cell in enumerate(sweep.cells):
        axes = {"network": sweep.network, **_axes(cell), "batch": cell.batch}
        table = _table(sweep)
        if not layers:
            entries = zip(table.columns, table.lines[i].cells, strict=True)
            seconds = None if cell.sample is None else cell.sample.latency_ns / 10**9
            rows.append(
                {**axes, "seconds": seconds, **{column.name: entry.raw for column, entry in entries}}
                | {"outcome": cell.outcome}
                | {"message": cell.message, "unmet": "; ".join(cell.sample.unmet) if cell.sample else ""}
            )
        elif cell.sample is not None and cell.sample.layers is not None:
            table = timing.rows_table(cell.sample)
            rows += [
                {**axes, "row": line.name, "call": line.call, "kind": line.kind}
                | {column.name: entry.raw for column, entry in zip(table.columns, line.cells, strict=True)}
                for line in table.lines
            ]
    return str(pd.DataFrame(rows, dtype=object).to_csv(index=False, lineterminator="\n"))
