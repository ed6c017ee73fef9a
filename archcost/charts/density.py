"""Bars across, one for each network: top-1 accuracy, or top-1 accuracy for each million parameters."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.datasets import cite_accuracies, keep_dataset
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.charts.canvas import Canvas
    from archcost.records import Comparison, ComparisonRow

MOST = 20  # bars whose names are readable from the last row
PITCH = 1.1  # times the font: the least distance of two bars
BESIDE, HEADLINE = 6.8, 3.6  # times the font: the axis and the sources below the bars, the headline above


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSubject:
    """The length of the bars: the headline, the axis, and words for the longest bar and for the longest bars."""

    title: str
    label: str
    read: Callable[[ComparisonRow], float | None]
    longest: str
    most: str
    sized: bool = False


SUBJECTS: Mapping[str, BarSubject] = MappingProxyType(
    {
        "density": BarSubject(
            title="Information density",
            label="top-1 accuracy for each million parameters (% / M)",
            read=lambda row: row.density,
            longest="most in",
            most="the densest",
            sized=True,
        ),
        "top1": BarSubject(
            title="Top-1 accuracy",
            label="top-1 accuracy (%)",
            read=lambda row: row.accuracy.top1 if row.accuracy else None,
            longest="highest in",
            most="the highest",
        ),
    }
)


def draw(
    canvas: Canvas,
    data: Comparison,
    *,
    subject: str,
    printed: Mapping[str, float] | None = None,
    title: str | None = None,
    remark: str = "",
) -> None:
    """Draw a bar for each network, the longest on top; of many networks, draw only those with the longest.

    Args:
        canvas: the canvas to draw on.
        data: networks; those without an accuracy are left out.
        subject: "density" or "top1".
        printed: a paper's own values, by spec.
        title: the headline.
        remark: further information about the networks.

    Raises:
        ArgumentError: fewer than two networks have an accuracy.
    """
    data, note = keep_dataset(data)
    what = SUBJECTS[subject]
    rows = sorted((row for row in data.rows if what.read(row)), key=lambda row: -(what.read(row) or 0))
    if len(rows) < 2:  # noqa: PLR2004 - a comparison
        name = what.title.lower()
        raise ArgumentError(f"a chart of {name} compares at least two networks; {len(rows)} can be drawn")
    shown = rows[: _count_places(canvas)]
    axes = canvas.add_axes()
    values = [what.read(row) or 0 for row in shown]
    sizes = [f"  ({units.short(row.params)})" if what.sized else "" for row in shown]
    bars = axes.barh(
        [name + size for name, size in zip(_name(shown), sizes, strict=True)],
        values,
        color=[canvas.choose_hue(canvas.theme.hues[0], row.spec, row.name) for row in shown],
        label=subject,
    )
    axes.bar_label(
        bars, [units.fixed(value, 1) for value in values], padding=4, fontsize=canvas.size.font, bbox=canvas.plate
    )
    beside = [(place, printed[row.spec]) for place, row in enumerate(shown) if printed and row.spec in printed]
    if beside:
        places, theirs = zip(*beside, strict=True)
        marks = axes.plot(theirs, places, "D", color=canvas.theme.hues[1], label="as read from the paper's figure")
        axes.legend(
            handles=marks, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, fontsize=canvas.size.font,
            frameon=False,
        )  # fmt: skip
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlim(0, 1.1 * max((*values, *(value for _, value in beside))))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(what.label)
    few = f": {what.longest} {shown[0].name.partition(', ')[0]}"
    if len(shown) < len(rows):
        few = f", {what.most} {len(shown)} of {units.exact(len(rows))}"
    counted = "Behind the name: parameters, counted by archcost" if what.sized else ""
    cited = (cite_accuracies(data), counted, note, remark)
    canvas.write_title(title or f"{what.title}{few}", ". ".join(filter(None, cited)), wide=True)


def _count_places(canvas: Canvas) -> int:
    """Return the number of bars whose names fit above each other."""
    font = canvas.size.font
    around = BESIDE + (0 if canvas.words.title == "" else HEADLINE)
    return min(MOST, int((72 * canvas.size.height - around * font) / (PITCH * font)))


def _name(rows: Sequence[ComparisonRow]) -> list[str]:
    """Return the names without their remarks, or the spec if networks share a name, so that each bar's is unique."""
    names = [row.name.partition(", ")[0] for row in rows]
    return [row.spec if names.count(name) > 1 else name for name, row in zip(names, rows, strict=True)]
