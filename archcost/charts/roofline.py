"""The rows of a timed network under the roof of its device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.families import SHAPES
from archcost.charts.labels import place_labels
from archcost.charts.scales import make_logarithmic
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas
    from archcost.records import Report, Roof, RowTime, Sample

NAMED = 8  # rows to name: the slowest
USUAL = 14  # points: the font for which marks are sized
GIGA = 1e9
ABOVE = 1.2  # times the roof: beyond the noise of a measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One row: operations per byte (x), operations per second (y), and its share of the time."""

    name: str
    intensity: float
    flops_per_second: float
    part: float


def draw(canvas: Canvas, data: Sequence[Report]) -> None:
    """Draw each row that multiplies as a point with the area of its time, under the two ceilings.

    Args:
        canvas: the canvas to draw on.
        data: timed networks; the first one gives the roof.

    Raises:
        ArgumentError: there is no network, or its rows have no times or no roof.
    """
    samples = [_find_sample(report) for report in data]
    if not samples:
        raise ArgumentError("a roofline needs a network")
    clouds = [list(yield_points(sample)) for sample in samples]
    if not any(clouds):
        raise ArgumentError("a roofline needs rows that multiply; this network has no such row")
    roof, peak = samples[0].roof, _find_peak(samples[0])
    assert roof is not None  # noqa: S101 - _sample looked
    axes = canvas.add_axes()
    everything = [point for cloud in clouds for point in cloud]
    knee = peak / roof.memory_bytes_per_second
    make_logarithmic(axes.xaxis, [*(point.intensity for point in everything), knee], room=1.8)
    make_logarithmic(axes.yaxis, [*(point.flops_per_second / GIGA for point in everything), peak / GIGA], room=2)
    ceilings = _draw_ceilings(canvas, axes, roof, peak)
    scatters = [_draw_cloud(canvas, axes, i, cloud, data[i].network.name) for i, cloud in enumerate(clouds)]
    axes.set(xlabel="floating-point operations for each byte", ylabel="GFLOP/s")
    canvas.figure.legend(loc="outside right upper")
    names = ", ".join(report.network.name for report in data)
    near = sum(
        2 * point.flops_per_second >= min(peak, point.intensity * roof.memory_bytes_per_second) for point in everything
    )
    finding = f"{near} of {len(everything)} rows reach half of it"
    canvas.write_title(f"{names} under the roof of {roof.device}: {finding}", _cite_source(samples, clouds))
    longest = sorted(everything, key=lambda point: -point.part)[:NAMED]
    missing = place_labels(
        canvas,
        axes,
        [(point.name, point.intensity, point.flops_per_second / GIGA) for point in longest],
        balls=scatters[0],
        points=[(point.intensity, point.flops_per_second / GIGA) for point in everything],
        lines=ceilings,
    )
    canvas.unplaced.extend(name for name, _, _ in missing)


def yield_points(sample: Sample) -> Iterator[Point]:
    """Yield the rows that multiply; the others are zero, which a logarithmic axis cannot show."""
    assert sample.layers is not None  # noqa: S101 - _sample looked
    whole = sum(row.times.median for row in sample.layers.rows) or 1
    for row in sample.layers.rows:
        done = sample.achieved_in(row)
        if done is not None and done.intensity:
            yield Point(
                name=_name_row(row),
                intensity=done.intensity,
                flops_per_second=done.flops_per_second,
                part=row.times.median / whole,
            )


def _name_row(row: RowTime) -> str:
    return f"{row.name} #{units.number(row.call)}" if row.call else row.name or row.kind


def _find_sample(report: Report) -> Sample:
    sample = report.measured
    if sample is None or sample.layers is None:
        raise ArgumentError(f"a roofline needs the times of layers, and {report.network.name} has none")
    if sample.roof is None or sample.dtype not in sample.roof.flops_per_second:
        raise ArgumentError(f"no roof was measured for {sample.dtype}; `archcost device` measures it")
    return sample


def _draw_ceilings(
    canvas: Canvas, axes: Axes, roof: Roof, peak: float
) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Draw the ceilings of arithmetic and of memory, beyond all caches; dashed, of the fastest cache.

    Return the corners of the lines.
    """
    lines: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    low, high = axes.get_xlim()
    cached = roof.bytes_per_second(0)
    for rate, style, name in ((roof.memory_bytes_per_second, "-", "memory"), (cached, "--", "cache")):
        knee = min(max(peak / rate, low), high)
        xs = (low, knee, high)
        ys = tuple(min(x * rate, peak) / GIGA for x in xs)
        lines.append((xs, ys))
        axes.plot(
            xs, ys, color=canvas.theme.muted, linestyle=style, linewidth=2, gid=f"roof-{name}",
            label=f"{name} {units.short(rate, 'B/s')}",
        )  # fmt: skip
    return lines


def _draw_cloud(canvas: Canvas, axes: Axes, i: int, cloud: Sequence[Point], name: str) -> object:
    return axes.scatter(
        [point.intensity for point in cloud],
        [point.flops_per_second / GIGA for point in cloud],
        s=[(30 + 3000 * point.part) * (canvas.size.font / USUAL) ** 2 for point in cloud],
        marker=SHAPES[i % len(SHAPES)],
        c=canvas.find_hue(i),
        edgecolors=canvas.theme.background,
        linewidths=0.6,
        label=f"rows of {name}",
        gid=f"rows-{name}",
    )


def _find_peak(sample: Sample) -> float:
    return 0.0 if sample.roof is None else sample.roof.flops_per_second[sample.dtype]


def _cite_source(samples: Sequence[Sample], clouds: Sequence[Sequence[Point]]) -> str:
    first = samples[0]
    shown = sum(point.part for point in clouds[0])
    unmet = sorted({text.partition(":")[0] for sample in samples for text in sample.unmet})
    warning = f"; unmet conditions: {', '.join(unmet)}" if unmet else ""
    above = any(point.flops_per_second > ABOVE * _find_peak(first) for cloud in clouds for point in cloud)
    warning += "; rows above the roof: it was lower when it was measured, `archcost device` measures it again" * above
    overhead = 0.0 if first.layers is None else first.layers.overhead
    return (
        f"Area by time; rows without multiply-adds have no place, those shown take {units.percent(shown)} of the time; "
        f"{first.dtype}; roof ({units.short(_find_peak(first), 'FLOP/s')}) and rows measured on "
        f"{first.conditions.device}, torch {first.conditions.torch}; the events added "
        f"{units.percent(overhead)}{warning}"
    )
