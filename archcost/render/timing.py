"""Measured times as a table, with the conditions and the doubts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.page.page import Cell, Column, Figure, Line, Remark
from archcost.render.columns import FilledColumn, build_table, build_text_column, transpose_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Table
    from archcost.records import Achieved, Energy, LayerTimes, Report, RowTime, Sample, Series

MOST_OVERHEAD = 0.1
ABOVE_THE_ROOF = 1.02
SKEWED = 0.05
UNCHECKED = "archcost's CUDA timing has not been run on a GPU yet: check it before you rely on it"


def build_rows_table(sample: Sample) -> Table:
    """Return a table with one line for each measured row, in the order of execution.

    If the events cost more than a tenth of the time, the table shows only the rows' shares.

    Raises:
        ArgumentError: the sample has no layers.
    """
    layers = _find_layers(sample)
    grid = [_build_time_column(layers, sample)]
    if layers.overhead <= MOST_OVERHEAD:
        grid += _build_work_columns(layers, sample)
    repeated = Counter(row.name for row in layers.rows)
    lines = [
        Line(
            name=row.name,
            label=f"{row.name} #{units.number(row.call)}"
            if row.call is not None and repeated[row.name] > 1
            else row.name or row.kind,
            kind=row.kind,
            call=row.call,
            work=row.work or "",
            cells=cells,
        )
        for row, cells in zip(layers.rows, transpose_cells(grid), strict=True)
    ]
    return build_table("Row", grid, lines, "Sum of the rows")


def list_figures(report: Report, *, binary: bool) -> tuple[Figure, ...]:
    """Return the measurements of the whole network."""
    sample = report.measured
    if sample is None:
        return ()
    return (
        *_yield_end_to_end(sample, report.totals.macs + (report.totals.backward_macs or 0)),
        *_yield_layer_figures(sample),
        *_yield_memory(report, sample, binary=binary),
    )


def spell_conditions(sample: Sample) -> str:
    """Return the line with the conditions of the measurement."""
    found, plan = sample.conditions, sample.plan
    how = [
        found.device,
        found.driver and f"driver {found.driver}",
        f"torch {found.torch}",
        found.cudnn and f"cuDNN {found.cudnn}",
        found.threads and f"{units.number(found.threads)} thread{'s' if found.threads > 1 else ''}",
        sample.arithmetic if plan.amp is None else f"{sample.dtype} by autocast",
        "channels last" if plan.channels_last else None,
        "compiled" if plan.compiled else None,
        f"cudnn.benchmark {'on' if found.cudnn_benchmark else 'off'}" if found.cudnn else None,
        _spell_state(sample),
    ]
    warm = f"warmed up for {units.number(sample.warmup.iterations)} iterations, caches warm"
    return f"{', '.join(part for part in how if part)}; {sample.timer}, {warm}; no sample was dropped."


def list_remarks(sample: Sample) -> tuple[Remark, ...]:
    """Return the unmet conditions of trustworthy figures, and other remarks."""
    return (
        *(Remark(kind="warning", text=f"unmet: {text}") for text in sample.unmet),
        *(Remark(kind="note", text=text) for text in (*sample.notes, *_yield_explanations(sample))),
    )


def spell_series(series: Series) -> str:
    """Return the number and the spread of samples: "n 70, p10 1.1 ms, p90 1.3 ms, spread 9.8 %"."""
    low, high = (units.duration(series.quantile(part)) for part in (0.1, 0.9))
    return f"n {units.number(series.n)}, p10 {low}, p90 {high}, spread {units.percent(series.spread)}"


def _find_layers(sample: Sample) -> LayerTimes:
    if sample.layers is None:
        raise ArgumentError(f"the layers have no times: {'; '.join(sample.notes) or 'none were asked for'}")
    return sample.layers


def _build_time_column(layers: LayerTimes, sample: Sample) -> FilledColumn:
    medians = [row.times.median for row in layers.rows]
    whole, largest = sum(medians), max(medians)
    scale = units.duration_scale(whole)
    bare = layers.overhead > MOST_OVERHEAD
    cells = [
        Cell(
            text="" if bare else scale.text(median) if sample.resolves(row) else scale.roughly(median),
            raw=median / whole if bare and whole else median,
            share=units.share(median, whole),
            size=median / (largest or 1),
        )
        for row, median in zip(layers.rows, medians, strict=True)
    ]
    name, unit = ("share", "") if bare else ("median_ns", f"{scale.prefix}s")
    total = Cell(text="" if bare else scale.text(whole), raw=1.0 if bare else whole, share=units.share(whole, whole))
    return FilledColumn(Column(name=name, heading="Time", unit=unit, shared=True), cells, total)


def _build_work_columns(layers: LayerTimes, sample: Sample) -> list[FilledColumn]:
    done = [sample.achieved_in(row) if sample.resolves(row) else None for row in layers.rows]
    intensities, spreads = _read_each(done, "intensity"), [row.times.spread for row in layers.rows]
    intensity = units.rate_scale(value for value in intensities if value is not None)
    grid = [
        _build_rates("flops_per_second", "", "FLOP/s", _read_each(done, "flops_per_second"), rank=0),
        _build_rates("bytes_per_second", "", "B/s", _read_each(done, "bytes_per_second"), rank=1),
        FilledColumn(
            Column(name="flops_per_byte", heading=f"{intensity.prefix}FLOP/B", rank=3),
            [_build_cell(value or None, intensity.text) for value in intensities],
        ),
    ]
    if sample.roof is not None:
        shares = _read_each(done, "share")
        bounds = build_text_column("bound", "Bound by", ["" if each is None else each.bound or "" for each in done], 1)
        grid.append(
            FilledColumn(
                Column(name="roof_share", heading="Roof"), [_build_cell(share, units.percent) for share in shares]
            )
        )
        grid.append(bounds)
    grid.append(
        FilledColumn(Column(name="spread", heading="Spread", rank=2), [_build_cell(s, units.percent) for s in spreads])
    )
    return grid


def _read_each(done: Sequence[Achieved | None], name: str) -> list[float | None]:
    return [None if each is None else getattr(each, name) for each in done]


def _build_rates(name: str, heading: str, unit: str, values: Sequence[float | None], rank: int) -> FilledColumn:
    scale = units.rate_scale([value for value in values if value is not None])
    column = Column(name=name, heading=heading, unit=f"{scale.prefix}{unit}".strip(), rank=rank)
    return FilledColumn(column, [_build_cell(value or None, scale.text) for value in values])


def _build_cell(value: float | None, text: object) -> Cell:
    return Cell() if value is None else Cell(text=text(value), raw=value)  # type: ignore[operator]


def _yield_end_to_end(sample: Sample, macs: int) -> Iterator[Figure]:
    series = sample.end_to_end
    label = "Time per iteration" if sample.wall is None else "Device time"
    yield Figure(label=label, digits=units.duration(series.median), remark=spell_series(series))
    if sample.wall is not None:
        idle = f"; the device is idle for {units.percent(sample.idle or 0)} of it"
        yield Figure(
            label="Wall time",
            digits=units.duration(sample.wall.median),
            remark=f"{spell_series(sample.wall)}; several in a row{idle}",
            level=1,
        )
    if sample.latency is not None:
        remark = f"{spell_series(sample.latency)}; one at a time, each waited for"
        yield Figure(label="Latency", digits=units.duration(sample.latency.median), remark=remark, level=1)
    images = "image" if sample.images == 1 else "images"
    yield Figure(
        label="Throughput",
        digits=f"{units.IMAGES.text(sample.images_per_second)} images/s",
        remark=f"{units.exact(sample.images)} {images} in each iteration{'' if sample.wall is None else ', in a row'}",
    )
    rate = 2 * macs * 10**9 / series.median
    peak = None if sample.roof is None else sample.roof.flops_per_second.get(sample.dtype)
    beside = f"of {units.short(peak, 'FLOP/s')} measured: {units.percent(rate / peak)}" if peak else ""
    yield Figure(label="Arithmetic", digits=units.short(rate, "FLOP/s"), remark=beside)
    if sample.energy is not None:
        yield from _yield_energy(sample.energy)


def _yield_energy(energy: Energy) -> Iterator[Figure]:
    remark = f"{units.number(round(energy.watts))} W"
    if energy.seconds is not None and energy.uncertainty is not None:
        remark = f"±{units.percent(energy.uncertainty)}, {remark} over {units.duration(energy.seconds * 1e9)}"
    yield Figure(label="Energy per image", digits=_spell_joules(energy.joules_per_image), remark=remark)
    if energy.own_joules_per_image is not None and energy.idle_watts is not None:
        remark = f"above the {units.number(round(energy.idle_watts))} W that the device draws with nothing to do"
        yield Figure(label="its own", digits=_spell_joules(energy.own_joules_per_image), remark=remark, level=1)


def _spell_joules(joules: float) -> str:
    return f"{units.number(float(f'{joules:.2g}'))} J"  # less is within the uncertainty of a few per cent


def _yield_layer_figures(sample: Sample) -> Iterator[Figure]:
    layers = sample.layers
    if layers is None:
        return
    yield Figure(
        label="Passes with events", digits=units.duration(layers.spans.median), remark=spell_series(layers.spans)
    )
    overhead = f"{'+' if layers.overhead >= 0 else ''}{units.percent(layers.overhead)}"
    remark = "above 10 %: only the rows' shares are shown" if layers.overhead > MOST_OVERHEAD else "what the events add"
    yield Figure(label="overhead", digits=overhead, remark=remark, level=1)
    yield Figure(
        label="coverage", digits=units.percent(layers.coverage), remark="owned by modules, the rest is between", level=1
    )


def _yield_memory(report: Report, sample: Sample, *, binary: bool) -> Iterator[Figure]:
    if sample.memory is None:
        return
    allocated = units.short(sample.memory.allocated_bytes, "B", binary=binary)
    predicted = report.totals.peak_allocated_bytes
    beside = "" if predicted is None else f"predicted {units.short(predicted, 'B', binary=binary)}"
    yield Figure(label="Peak allocated", digits=allocated, remark=beside)
    workspace = sample.memory.workspace_bytes
    if workspace is not None:
        kept = units.short(workspace, "B", binary=binary)
        yield Figure(label="workspaces", digits=kept, remark="of it, kept by libraries and in no prediction", level=1)
    yield Figure(label="reserved", digits=units.short(sample.memory.reserved_bytes, "B", binary=binary), level=1)


def _spell_state(sample: Sample) -> str | None:
    before, after = sample.conditions.before, sample.conditions.after
    if before.clock_hz is not None and after.clock_hz is not None:
        first, last = units.short(before.clock_hz, "Hz"), units.short(after.clock_hz, "Hz")
        return f"{first} under load at first, {last} at last"
    return None if after.load is None else f"load {units.number(round(after.load, 1))}"


def _yield_explanations(sample: Sample) -> Iterator[str]:
    layers = sample.layers
    if sample.wall is not None:
        yield UNCHECKED
    if sample.cpu_bound:
        yield f"CPU-bound at a batch of {units.exact(sample.images)}: the device waits for the host"
    if sample.queue_full is False:
        yield "the device time is an upper bound: the host could not keep the device's queue full for an iteration"
    late = [] if layers is None else [row.name for row in layers.rows if row.upper_bound]
    if layers is not None and late:
        some = f"{units.exact(len(late))} of {units.exact(len(layers.rows))} rows, {late[0]} the first"
        yield (f"upper bounds are the times of {some}: the host could not keep the device's queue full")
    if sample.roof is not None and sample.roof.disturbed is not None:
        yield f"the roof may be too low, and is not kept: {sample.roof.disturbed}"
    if layers is None or layers.overhead > MOST_OVERHEAD:
        return
    short = [row.name for row in layers.rows if not sample.resolves(row)]
    if short:
        step = units.duration(sample.resolution_ns or 0)
        some = f"{units.exact(len(short))} of {units.exact(len(layers.rows))} rows, {short[0]} the first"
        yield f"shorter than five steps of the timer ({step}): {some}; they have one digit, and no rates"
    rows, span = sum(row.times.median for row in layers.rows), layers.spans.median
    if abs(rows - span) > SKEWED * span:
        yield (
            f"the rows' medians add up to {units.duration(rows)}, the median pass takes {units.duration(span)}: the "
            "times are skewed; within each pass the rows add up to it"
        )
    above = [row.name for row in layers.rows if sample.resolves(row) and _is_above_roof(row, sample)]
    if above:
        yield (
            f"{units.exact(len(above))} rows are above the roof, {above[0]} the first: their data is in a cache, their "
            "algorithm multiplies less (Winograd), or the roof was measured on a busy machine (`archcost device` "
            "measures it again)"
        )


def _is_above_roof(row: RowTime, sample: Sample) -> bool:
    done = sample.achieved_in(row)
    return done is not None and done.share is not None and done.share > ABOVE_THE_ROOF
