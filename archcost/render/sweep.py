"""A sweep, as a document: one line per cell, and remarks about troubled cells."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell as Entry, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records
from archcost.render import timing
from archcost.render.columns import FilledColumn, build_text_column, transpose_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from archcost.page.document import Kind
    from archcost.records import Cell, Sample, Sweep

SCHEMA = "archcost.timing/1"
_NAMES: Mapping[str, Kind] = {
    **dict.fromkeys(("network", "input", "dtype", "layout", "mode"), "text"),
    "batch": "whole",
}
# the keys of `_yield_records`
COLUMNS: Mapping[str, Kind] = {
    **_NAMES,
    **dict.fromkeys(("seconds", "p10_seconds", "p90_seconds", "median_ns", "p10_ns", "p90_ns", "wall_ns"), "real"),
    "n": "whole",
    **dict.fromkeys(("spread", "images_per_second", "flops_per_second", "coverage", "overhead"), "real"),
    **dict.fromkeys(("peak_allocated_bytes", "predicted_peak_bytes"), "whole"),
    **dict.fromkeys(("watts", "joules_per_image"), "real"),
    **dict.fromkeys(("outcome", "message", "unmet", "device", "driver", "torch"), "text"),
    **dict.fromkeys(("threads", "clock_hz", "memory_clock_hz"), "whole"),
}


def build_document(sweep: Sweep, *, layers: bool = False) -> Document:
    """Return the document of a sweep: one line per cell; its data have every sample of every row.

    With `layers`, the rows of every cell follow; if there are only rows, they replace the cells.
    """
    return Document(
        pages=lambda: (_build_page(sweep), *(_yield_layer_pages(sweep) if layers else ())),
        data=lambda: dump_json({"schema": SCHEMA, **dataclasses.asdict(sweep)}, indent=None),
        rows=lambda: read_records(_yield_layer_records(sweep) if layers else _yield_records(sweep)),
        schema=None if layers else COLUMNS,
    )


def build_last(sweep: Sweep, lines: int) -> Document:
    """Return the table of the last cells, up to a number, for the terminal's live display."""
    last = dataclasses.replace(sweep, cells=sweep.cells[-lines:])
    page = Page(title=_spell_title(sweep), table=_build_table(last))
    return dataclasses.replace(build_document(last), pages=lambda: (page,))


def spell_cell(cell: Cell, sweep: Sweep) -> str:
    """Return the text that distinguishes a cell from the others: "batch 4, bfloat16"."""
    axes = [f"{name} {text}" if name == "batch" else text for name, text in _spell_axes(cell).items()]
    shown = ["batch", *_find_varying(sweep)]
    return ", ".join(text for name, text in zip(_spell_axes(cell), axes, strict=True) if name in shown)


def yield_troubles(sweep: Sweep) -> Iterator[str]:
    """Yield the failures, and the unmet conditions of trustworthy figures."""
    said: list[tuple[Cell, str]] = []
    for cell in sweep.cells:
        if cell.sample is None:
            said.append((cell, f"{cell.outcome}: {cell.message}"))
        elif cell.sample.unmet:
            said.append((cell, f"unmet: {'; '.join(cell.sample.unmet)}"))
    yield from _yield_once(said, sweep)


def _yield_once(said: Iterable[tuple[Cell, str]], sweep: Sweep) -> Iterator[str]:
    """Yield each text once, after the names of its cells."""
    where: dict[str, list[str]] = {}
    for cell, text in said:
        where.setdefault(text, []).append(spell_cell(cell, sweep))
    for text, labels in where.items():
        everywhere = len(labels) == len(sweep.cells) > 1
        yield f"{'all' if everywhere else '; '.join(labels)}: {text}"


def _spell_axes(cell: Cell) -> dict[str, str]:
    plan = cell.plan
    dtype = plan.dtype or ("" if cell.sample is None else cell.sample.arithmetic)
    return {
        "batch": units.exact(cell.batch),
        "input": ", ".join(cell.inputs),
        "dtype": dtype if plan.amp is None else f"{plan.amp} autocast",
        "layout": "channels last" if plan.channels_last else "contiguous",
        "mode": "compiled" if plan.compiled else "eager",
    }


def _build_page(sweep: Sweep) -> Page:
    first = sweep.cells[0] if sweep.cells else None
    facts = []
    if first is not None:
        what = "inference" if first.train is None else f"training with {first.train}"
        known = [_spell_axes(cell) for cell in sweep.cells]
        constant = [name for name in known[0] if name not in {"batch", *_find_varying(sweep)}]
        facts = [what, *filter(None, (max(axes[name] for axes in known) for name in constant))]
    if len(sweep.cells) < sweep.asked:
        facts.append(f"stopped after {units.exact(len(sweep.cells))} of {units.exact(sweep.asked)} cells")
    done = next((cell.sample for cell in sweep.cells if cell.sample is not None), None)
    return Page(
        title=_spell_title(sweep),
        facts=tuple(facts),
        table=_build_table(sweep) if sweep.cells else None,
        conventions="" if done is None else _spell_conventions(done),
        remarks=tuple(_yield_remarks(sweep)),
    )


def _spell_title(sweep: Sweep) -> str:
    return sweep.name if sweep.name == sweep.network else f"{sweep.name} ({sweep.network})"


def _spell_conventions(sample: Sample) -> str:
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


def _find_varying(sweep: Sweep) -> list[str]:
    """Return the axes in which cells differ; a failed cell's dtype may be unknown."""
    names = ("input", "dtype", "layout", "mode")
    return [name for name in names if len({_spell_axes(cell)[name] for cell in sweep.cells} - {""}) > 1]


def _build_table(sweep: Sweep) -> Table:
    cells = sweep.cells
    axes = [
        build_text_column(name, name.capitalize(), [_spell_axes(cell)[name] for cell in cells])
        for name in _find_varying(sweep)
    ]
    grid = [
        *axes,
        *_yield_times(cells),
        *_yield_derived(cells),
        build_text_column("outcome", "", [_spell_remark(cell) for cell in cells]),
    ]
    lines = tuple(
        Line(name=units.number(cell.batch), label=units.exact(cell.batch), cells=entries)
        for cell, entries in zip(cells, transpose_cells(grid), strict=True)
    )
    return Table(heading="Batch", columns=tuple(part.column for part in grid), lines=lines)


def _yield_times(cells: Sequence[Cell]) -> Iterator[FilledColumn]:
    medians = [cell.sample.end_to_end.median for cell in cells if cell.sample is not None]
    scale = units.duration_scale(max(medians, default=0))
    of: dict[str, tuple[str, int, Callable[[Sample], float | None]]] = {
        "median_ns": ("Median", 0, lambda s: s.end_to_end.median),
        "p10_ns": ("p10", 2, lambda s: s.end_to_end.quantile(0.1)),
        "p90_ns": ("p90", 2, lambda s: s.end_to_end.quantile(0.9)),
        "wall_ns": ("Wall", 1, lambda s: None if s.wall is None else s.wall.median),
        "latency_ns": ("Latency", 1, lambda s: None if s.latency is None else s.latency.median),
    }
    for name, (heading, rank, value) in of.items():
        entries = _build_entries(cells, value, scale.text)
        if name not in {"wall_ns", "latency_ns"} or any(entry.raw for entry in entries):
            yield FilledColumn(Column(name=name, heading=heading, unit=f"{scale.prefix}s", rank=rank), entries)
    yield FilledColumn(Column(name="n", heading="n"), _build_entries(cells, lambda s: s.end_to_end.n, units.number))
    spreads = _build_entries(cells, lambda s: s.end_to_end.spread, units.percent)
    yield FilledColumn(Column(name="spread", heading="Spread"), spreads)


def _yield_derived(cells: Sequence[Cell]) -> Iterator[FilledColumn]:
    yield FilledColumn(
        Column(name="images_per_second", heading="Images/s"),
        _build_entries(cells, lambda s: s.images_per_second, units.IMAGES.text),
    )
    flops = [None if c.sample is None else 2 * (c.macs or 0) * 10**9 / c.sample.end_to_end.median for c in cells]
    scale = units.rate_scale([value for value in flops if value is not None])
    yield FilledColumn(
        Column(name="flops_per_second", heading="", unit=f"{scale.prefix}FLOP/s", rank=1),
        [Entry() if value is None else Entry(text=scale.text(value), raw=value) for value in flops],
    )
    for name, of in {
        "coverage": lambda s: None if s.layers is None else s.layers.coverage,
        "overhead": lambda s: None if s.layers is None else s.layers.overhead,
    }.items():
        entries = _build_entries(cells, of, units.percent)
        if any(entry.raw is not None for entry in entries):
            yield FilledColumn(Column(name=name, heading=name.capitalize(), rank=1), entries)
    if any(cell.sample is not None and cell.sample.memory is not None for cell in cells):
        yield FilledColumn(
            Column(name="peak_allocated_bytes", heading="Allocated", rank=2),
            _build_entries(cells, lambda s: None if s.memory is None else s.memory.allocated_bytes, _spell_bytes),
        )
    peaks = [cell.predicted_bytes for cell in cells]
    yield FilledColumn(
        Column(name="predicted_peak_bytes", heading="Predicted peak", rank=3),
        [Entry() if peak is None else Entry(text=_spell_bytes(peak), raw=peak) for peak in peaks],
    )


def _spell_bytes(value: float) -> str:
    return units.short(value, "B")


def _build_entries(
    cells: Sequence[Cell], value: Callable[[Sample], float | None], text: Callable[[float], str]
) -> list[Entry]:
    values = [None if cell.sample is None else value(cell.sample) for cell in cells]
    return [Entry() if each is None else Entry(text=text(each), raw=each) for each in values]


def _spell_remark(cell: Cell) -> str:
    if cell.sample is None:
        return cell.outcome
    marks = ["CPU-bound"] if cell.sample.cpu_bound else []
    return " ".join([*marks, *(["unmet"] if cell.sample.unmet else [])])


def _yield_remarks(sweep: Sweep) -> Iterator[Remark]:
    yield from (Remark(kind="warning", text=text) for text in yield_troubles(sweep))
    notes = [(cell, text) for cell in sweep.cells if cell.sample is not None for text in cell.sample.notes]
    yield from (Remark(kind="note", text=text) for text in _yield_once(notes, sweep))
    if any(cell.sample is not None and cell.sample.wall is not None for cell in sweep.cells):
        yield Remark(kind="note", text=timing.UNCHECKED)


def _yield_layer_pages(sweep: Sweep) -> Iterator[Page]:
    for cell in sweep.cells:
        if cell.sample is not None and cell.sample.layers is not None:
            yield Page(
                title=f"{sweep.name}, {spell_cell(cell, sweep)}",
                table=timing.build_rows_table(cell.sample),
                conventions=timing.spell_conditions(cell.sample),
                remarks=tuple(each for each in timing.list_remarks(cell.sample) if each.kind == "note"),
            )


def _yield_records(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Yield one record for each cell; charts read `network`, `batch` and `seconds`."""
    table = _build_table(sweep)
    for cell, line in zip(sweep.cells, table.lines, strict=True):
        yield {
            **_name_record(sweep, cell),
            **_spell_seconds(cell.sample),
            **{column.name: entry.raw for column, entry in zip(table.columns, line.cells, strict=True)},
            **_spell_energy(cell.sample),
            "outcome": cell.outcome,
            "message": cell.message,
            "unmet": "; ".join(cell.sample.unmet) if cell.sample else "",
            **_name_place(cell),
        }


def _spell_seconds(sample: Sample | None) -> dict[str, float | None]:
    """Return the latency of one iteration, and percentiles of the same clock."""
    names = ("seconds", "p10_seconds", "p90_seconds")
    if sample is None:
        return dict.fromkeys(names)
    series = sample.waited_for
    return dict(
        zip(names, (each / 10**9 for each in (series.median, series.quantile(0.1), series.quantile(0.9))), strict=True)
    )


def _spell_energy(sample: Sample | None) -> dict[str, float]:
    """Return the device's power and the energy of an image, if they were measured."""
    energy = None if sample is None else sample.energy
    return {} if energy is None else {"watts": energy.watts, "joules_per_image": energy.joules_per_image}


def _yield_layer_records(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Yield one record for each row of each cell."""
    for cell in sweep.cells:
        if cell.sample is not None and cell.sample.layers is not None:
            table = timing.build_rows_table(cell.sample)
            for line in table.lines:
                yield {
                    **_name_record(sweep, cell),
                    "row": line.name,
                    "call": line.call,
                    "kind": line.kind,
                    **{column.name: entry.raw for column, entry in zip(table.columns, line.cells, strict=True)},
                }


def _name_place(cell: Cell) -> dict[str, Any]:
    """Return the device, driver and clocks of a cell, without which times cannot be compared."""
    found = None if cell.sample is None else cell.sample.conditions
    return {
        "device": found and found.device,
        "driver": found and found.driver,
        "torch": found and found.torch,
        "threads": found and found.threads,
        "clock_hz": found and found.after.clock_hz,
        "memory_clock_hz": found and found.after.memory_clock_hz,
    }


def _name_record(sweep: Sweep, cell: Cell) -> dict[str, Any]:
    return {"network": sweep.network, **_spell_axes(cell), "batch": cell.batch}
