"""Where it goes: memory, parameters and multiply-adds of each layer, from the input to the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas
    from archcost.records import Layer, Report

SHOWN = ("activation_bytes", "params", "macs")
WORDS = {"activation_bytes": "memory", "params": "parameters", "macs": "multiply-adds"}
LETTER = 0.68  # times the font, the length of a letter beside an axis
MOST_NETWORKS = 3
# what a layer is: a hue of the theme and a hatch, so that it shows without colour
GROUPS = {"convolution": (0, ""), "linear": (1, "///"), "pooling": (2, "..."), "other": (3, "xxx")}


def draw(canvas: Canvas, data: Sequence[Report]) -> None:
    """Draw three rows of bars for each network.

    Raises:
        ArgumentError: no network, or more than stand side by side.
    """
    if not 1 <= len(data) <= MOST_NETWORKS:
        raise ArgumentError(f"a chart of layers shows one to {MOST_NETWORKS} networks, not {len(data)}")
    shown = [[layer for layer in report.layers if any(getattr(layer, name) for name in SHOWN)] for report in data]
    for line, name in enumerate(SHOWN):
        scale = units.scale([max((getattr(layer, name) for rows in shown for layer in rows), default=0)])
        for column, (report, rows) in enumerate(zip(data, shown, strict=True)):
            axes = canvas.add_axes(len(SHOWN), len(data), 1 + line * len(data) + column)
            _draw_bars(canvas, axes, rows, name, scale)
            _mark_largest(canvas, axes, rows, name, scale, total=getattr(report.totals, name), named=len(data) == 1)
            axes.set_xticks([])
            if not column:
                word = WORDS[name] if _has_room(canvas) else METRICS[name].label
                axes.set_ylabel(f"{word}\n({scale.prefix}{METRICS[name].unit})")
            if line == 0:
                axes.set_title(
                    report.network.name.partition(", ")[0], fontsize=1.1 * canvas.size.font, fontweight="bold", pad=10
                )
            if line == len(SHOWN) - 1:
                _name_layers(canvas, axes, rows, columns=len(data))
    _draw_legend(canvas, {_find_group(layer) for rows in shown for layer in rows})
    canvas.figure.align_ylabels()
    batch = data[0].network.inputs[0].shape[0] if data[0].network.inputs else 1
    canvas.write_title(
        "Memory, parameters and multiply-adds of each layer",
        f"Counted by archcost, batch {units.number(batch)}. Memory: the activations that a layer makes",
    )


def _has_room(canvas: Canvas) -> bool:
    """Whether the longest word fits beside one of the rows of bars, which share three quarters of the height."""
    row = 0.75 * 72 * canvas.size.height / len(SHOWN)
    return max(map(len, WORDS.values())) * LETTER * canvas.size.font < row


def _draw_bars(canvas: Canvas, axes: Axes, rows: list[Layer], name: str, scale: units.Scale) -> None:
    values = [getattr(layer, name) / scale.divisor for layer in rows]
    for group, (hue, hatch) in GROUPS.items():
        places = [i for i, layer in enumerate(rows) if _find_group(layer) == group]
        axes.bar(
            places, [values[i] for i in places], width=0.85, color=canvas.theme.hues[hue], hatch=hatch,
            edgecolor=canvas.theme.background, linewidth=0, label=f"{name}-{group}",
        )  # fmt: skip
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.7, len(rows) - 0.3)
    axes.margins(y=0.35)
    axes.locator_params(axis="y", nbins=4)


def _mark_largest(
    canvas: Canvas, axes: Axes, rows: list[Layer], name: str, scale: units.Scale, *, total: int, named: bool
) -> None:
    """Say which layer has the most, and its share; where networks stand side by side, the share alone."""
    if not total:
        return
    values = [getattr(layer, name) for layer in rows]
    most = max(range(len(rows)), key=values.__getitem__)
    left = most > len(rows) / 2
    share = f"{units.share(values[most], total)} %"
    axes.annotate(
        f"{rows[most].name}: {share}" if named else f"largest: {share}",
        (most + (0.42 if left else -0.42), values[most] / scale.divisor), xytext=(0, 3), textcoords="offset points",
        ha="right" if left else "left", va="bottom", fontsize=canvas.size.font, bbox=canvas.plate,
    )  # fmt: skip


def _name_layers(canvas: Canvas, axes: Axes, rows: list[Layer], *, columns: int) -> None:
    """Name the layers where there is room for a line of text below each bar."""
    if len(rows) * 1.3 * canvas.size.font > 0.75 * 72 * canvas.size.width / columns:
        axes.set_xlabel(f"{units.exact(len(rows))} layers")
        return
    axes.set_xticks(range(len(rows)), [layer.name for layer in rows], rotation=90, fontsize=canvas.size.font)


def _draw_legend(canvas: Canvas, groups: set[str]) -> None:
    from matplotlib.patches import Patch

    shown = [
        Patch(facecolor=canvas.theme.hues[hue], hatch=hatch, edgecolor=canvas.theme.background, label=group)
        for group, (hue, hatch) in GROUPS.items()
        if group in groups
    ]
    canvas.figure.legend(handles=shown, loc="outside right upper")


def _find_group(layer: Layer) -> str:
    return layer.role if layer.role in GROUPS else "other"
