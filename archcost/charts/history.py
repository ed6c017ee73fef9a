"""The winners of the ImageNet challenge: error and depth by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.charts.canvas import Canvas
    from archcost.records import Winner


def draw(canvas: Canvas, data: Sequence[Winner]) -> None:
    """Draw the errors as bars, with the depths above them.

    Raises:
        ArgumentError: there is no entry.
    """
    if not data:
        raise ArgumentError("a chart of the winners needs at least one entry")
    theme, font = canvas.theme, canvas.size.font
    names = [f"{entry.network}\n{entry.year}{'' if entry.place == 1 else ' (2nd)'}" for entry in data]
    places = range(len(data))
    upper = canvas.add_axes(2, 1, 1)
    depths = upper.bar(places, [entry.depth for entry in data], color=theme.hues[1], hatch="///", width=0.7,
                       edgecolor=theme.background, linewidth=0, label="depths")  # fmt: skip
    upper.bar_label(
        depths, [units.number(entry.depth) for entry in data], padding=4, fontsize=1.2 * font, bbox=canvas.plate
    )
    upper.set_ylabel("depth\n(layers)")
    lower = canvas.add_axes(2, 1, 2)
    errors = lower.bar(places, [entry.top5_error for entry in data], color=theme.hues[0], width=0.7, label="errors")
    lower.bar_label(
        errors,
        [units.number(round(entry.top5_error, 2)) for entry in data],
        padding=4,
        fontsize=1.2 * font,
        bbox=canvas.plate,
    )
    lower.set_ylabel("top-5 error\n(%, test set)")
    for axes in (upper, lower):
        axes.margins(y=0.22)
        axes.grid(visible=False, axis="x")
    upper.set_xticks([])
    lower.set_xticks(places, names, fontsize=1.1 * font)
    canvas.figure.align_ylabels()
    sources = "; ".join(dict.fromkeys(entry.source.partition(";")[0] for entry in data))
    canvas.write_title(
        "The ImageNet challenge: error down, depth up",
        f"Depth: layers with weights. Ensembles, as the authors entered them; from {sources}",
        wide=True,
    )
