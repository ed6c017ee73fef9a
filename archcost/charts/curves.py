"""Lines against the batch size: peak memory, and time."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.families import SHAPES
from archcost.charts.scales import make_logarithmic
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.charts.theme import Canvas
    from archcost.records import Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSubject:
    """What the lines show: headline, label and unit of the y axis, and where the figures come from."""

    title: str
    label: str
    unit: float
    source: str


SUBJECTS: Mapping[str, CurveSubject] = MappingProxyType(
    {
        "memory": CurveSubject(
            title="Peak memory against batch size",
            label="peak memory (GB)",
            unit=1e9,
            source="Exact bytes of the tensors at the peak, each point a walk of the network; an allocator's rounding, "
            "kernels' workspaces and a GPU's context come on top",
        ),
        "time": CurveSubject(
            title="Time of an image against batch size",
            label="time of an image (ms)",
            unit=1e-3,
            source="Measured: time of a forward pass divided by its images",
        ),
    }
)


def draw(canvas: Canvas, data: Sequence[Curve], *, subject: str, remark: str = "") -> None:
    """Draw a line for each network, both axes logarithmic; its name stands at its end.

    Args:
        canvas: what is drawn on.
        data: a curve for each network.
        subject: "memory" or "time".
        remark: what was done at each point: "inference", "training with adam".

    Raises:
        ArgumentError: no curve, or one without a point.
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
    make_logarithmic(axes.yaxis, [value / what.unit for curve in data for _, value in curve.points], room=1.4)
    ordered = sorted(data, key=lambda curve: -curve.points[-1][1])
    for i, curve in enumerate(ordered):
        axes.plot(
            [batch for batch, _ in curve.points], [value / what.unit for _, value in curve.points],
            color=canvas.theme.hues[i % len(canvas.theme.hues)], marker=SHAPES[i % len(SHAPES)], linewidth=2,
            markersize=0.6 * canvas.size.font, label=curve.name,
        )  # fmt: skip
    axes.set(xlabel="images in the batch", ylabel=what.label)
    canvas.figure.legend(loc="outside right upper")  # in the order of the lines' right ends
    canvas.write_title(f"{what.title}{', ' if remark else ''}{remark}", what.source)
