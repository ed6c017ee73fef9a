"""Lines against the batch size: peak memory, counted or measured, time, and power."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.families import SHAPES
from archcost.charts.labels import label_ends
from archcost.charts.measured import cite_times, draw_whiskers
from archcost.charts.scales import make_logarithmic
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas
    from archcost.records import Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSubject:
    """The subject of the lines: headline, label and unit of the y axis, and source of the figures.

    The headline names one line, chosen by `told` from the lines in falling order, with a `verb`. `measured` names the
    quantity if it is measured.
    """

    title: str
    label: str
    unit: float
    source: str
    told: int
    verb: str
    measured: str = ""


SUBJECTS: Mapping[str, CurveSubject] = MappingProxyType(
    {
        "memory": CurveSubject(
            title="Peak memory against batch size",
            label="peak memory (GB)",
            unit=1e9,
            source="Exact bytes of the tensors at the peak, each point a walk of the network; an allocator's rounding, "
            "kernels' workspaces and a GPU's context come on top",
            told=0,
            verb="takes most,",
        ),
        "time": CurveSubject(
            title="Time of an image against batch size",
            label="time of an image (ms)",
            unit=1e-3,
            source="Time of a forward pass, divided by its images",
            told=-1,
            verb="is fastest,",
            measured="Time",
        ),
        "allocation": CurveSubject(
            title="Measured peak memory against batch size",
            label="peak memory (GB)",
            unit=1e9,
            source="The most that torch's allocator handed out during a forward pass",
            told=0,
            verb="takes most,",
            measured="Memory",
        ),
        "power": CurveSubject(
            title="Power against batch size",
            label="power (W)",
            unit=1,
            source="The whole device's power while it runs forward passes without a pause",
            told=0,
            verb="draws most,",
            measured="Power",
        ),
    }
)


def draw(canvas: Canvas, data: Sequence[Curve], *, subject: str, title: str | None = None, remark: str = "") -> None:
    """Draw a line for each network, both axes logarithmic; its name stands at its end.

    Args:
        canvas: the canvas to draw on.
        data: a curve for each network.
        subject: "memory", "time", "allocation" or "power".
        title: the headline.
        remark: the work at each point: "inference", "training with adam".

    Raises:
        ArgumentError: there is no curve, or a curve has no point.
    """
    if not data or not all(curve.points for curve in data):
        raise ArgumentError("a chart against the batch needs a network and at least one batch size")
    what = SUBJECTS[subject]
    axes = canvas.add_axes()
    batches = sorted({batch for curve in data for batch, _ in curve.points})
    make_logarithmic(axes.xaxis, batches, room=1.15)
    axes.set_xscale("log", base=2)
    axes.set_xticks(batches, [units.number(batch) for batch in batches])
    axes.minorticks_off()
    make_logarithmic(axes.yaxis, [value / what.unit for value in _list_values(data, what)], room=1.4)
    axes.set(xlabel="images in the batch", ylabel=what.label)
    times = [time for curve in data for time in curve.times]
    source = ". ".join(filter(None, (what.source, cite_times(times, what=what.measured) if times else "")))
    ordered = sorted(data, key=lambda curve: -curve.points[-1][1])
    extreme = ordered[what.told]
    (batch, value), axis = extreme.points[-1], what.label.partition("(")[2].rstrip(")")
    finding = f"{extreme.name} {what.verb} {units.number(float(f'{value / what.unit:.3g}'))} {axis}"
    headline = f"{what.title}{', ' if remark else ''}{remark}: {finding} at a batch of {units.number(batch)}"
    canvas.write_title(title or headline, source)
    for i, curve in enumerate(ordered):
        _draw_line(canvas, axes, i, curve, what)
    ends = [(curve.name, curve.points[-1][0], curve.points[-1][1] / what.unit) for curve in ordered]
    label_ends(canvas, axes, ends)


def _draw_line(canvas: Canvas, axes: Axes, place: int, curve: Curve, what: CurveSubject) -> None:
    """Draw a line, and a mark at each point: a hollow mark if its time is unreliable."""
    hue = canvas.choose_hue(canvas.find_hue(place), curve.spec, curve.name)
    xs, ys = [batch for batch, _ in curve.points], [value / what.unit for _, value in curve.points]
    axes.plot(xs, ys, color=hue, linewidth=2, label=curve.name)
    if what.measured == "Time":
        draw_whiskers(axes, curve.times, xs[: len(curve.times)], [hue] * len(curve.times), upright=True, image=True)
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        hollow = bool(curve.times) and curve.times[i].doubtful
        axes.plot(
            [x], [y], color=hue, marker=SHAPES[place % len(SHAPES)], markersize=0.6 * canvas.size.font, zorder=3,
            markerfacecolor=canvas.theme.background if hollow else hue, label="_hollow" if hollow else "_point",
        )  # fmt: skip


def _list_values(data: Sequence[Curve], what: CurveSubject) -> list[float]:
    """Return all values shown, including the ends of the whiskers."""
    values = [value for curve in data for _, value in curve.points]
    if what.measured != "Time":
        return values
    ends = [(end, time.batch) for curve in data for time in curve.times for end in (time.low, time.high)]
    return [*values, *(end / batch for end, batch in ends if end)]
