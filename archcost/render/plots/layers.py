"""Where it goes: memory, parameters and multiply-adds of each layer, from the input to the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.records import Layer
    from archcost.render.plots.theme import Canvas
    from archcost.report import Report

SHOWN = ("activation_bytes", "params", "macs")
MOST_NETWORKS = 3
MOST_NAMES = 24  # layers that can be named below the bars
# what a layer is: a hue of the theme and a hatch, so that it shows without colour
GROUPS = {"convolution": (0, ""), "linear": (1, "///"), "pooling": (2, "..."), "other": (3, "xxx")}


def draw(canvas: Canvas, data: Sequence[Report]) -> None:
    """Draw three rows of bars for each network.

    Raises:
        ArgumentError: no network, or more than stand side by side.
    """
    if not 1 <= len(data) <= MOST_NETWORKS:
        raise ArgumentError(f"a chart of layers shows one to {MOST_NETWORKS} networks, not {len(data)}")
    groups: set[str] = set()
    for column, report in enumerate(data):
        rows = [layer for layer in report.layers if any(getattr(layer, name) for name in SHOWN)]
        groups |= {_group(layer) for layer in rows}
        for line, name in enumerate(SHOWN):
            axes = canvas.axes(len(SHOWN), len(data), 1 + line * len(data) + column)
            _bars(canvas, axes, rows, name, total=getattr(report.totals, name))
            if line == 0:
                axes.set_title(report.network.name, fontsize=1.1 * canvas.size.font, fontweight="bold", pad=10)
            if column:
                axes.set_ylabel("")
            if line == len(SHOWN) - 1:
                _names(canvas, axes, rows)
            else:
                axes.set_xticks([])
    _legend(canvas, groups)
    canvas.figure.align_ylabels()
    canvas.title(
        "Memory, parameters and multiply-adds of each layer",
        "Counted by archcost, batch "
        f"{units.number(data[0].network.inputs[0].shape[0] if data[0].network.inputs else 1)}; memory: the activations "
        "that a layer makes",
    )


def _bars(canvas: Canvas, axes: Axes, rows: list[Layer], name: str, *, total: int) -> None:
    values = [getattr(layer, name) for layer in rows]
    scale = units.scale([max(values, default=0)])
    unit = f"{scale.prefix}{METRICS[name].unit}"
    for group, (hue, hatch) in GROUPS.items():
        places = [i for i, layer in enumerate(rows) if _group(layer) == group]
        axes.bar(
            places, [values[i] / scale.divisor for i in places], width=0.85, color=canvas.theme.hues[hue],
            hatch=hatch, edgecolor=canvas.theme.background, linewidth=0, gid=f"{name}-{group}",
        )  # fmt: skip
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.7, len(rows) - 0.3)
    axes.margins(y=0.3)
    axes.locator_params(axis="y", nbins=4)
    axes.set_ylabel({"macs": "multiply-adds", "params": "parameters"}.get(name, "memory") + f"\n({unit})")
    if total:
        most = max(range(len(rows)), key=values.__getitem__)
        left = most > len(rows) / 2
        axes.annotate(
            f"{rows[most].name}: {units.share(values[most], total)} %",
            (most + (0.42 if left else -0.42), values[most] / scale.divisor), xytext=(0, 3), textcoords="offset points",
            ha="right" if left else "left", va="bottom", fontsize=canvas.size.font, bbox=canvas.plate,
        )  # fmt: skip


def _names(canvas: Canvas, axes: Axes, rows: list[Layer]) -> None:
    if len(rows) > MOST_NAMES:
        axes.set_xticks([])
        axes.set_xlabel(f"{units.exact(len(rows))} layers, from the input to the output")
        return
    axes.set_xticks(range(len(rows)), [layer.name for layer in rows], rotation=90, fontsize=canvas.size.font)


def _legend(canvas: Canvas, groups: set[str]) -> None:
    from matplotlib.patches import Patch

    shown = [
        Patch(facecolor=canvas.theme.hues[hue], hatch=hatch, edgecolor=canvas.theme.background, label=group)
        for group, (hue, hatch) in GROUPS.items()
        if group in groups
    ]
    canvas.figure.legend(handles=shown, loc="outside right upper")


def _group(layer: Layer) -> str:
    """Say what a layer is by the operators that it ran, whatever its class is called."""
    names = " ".join(layer.operators)
    if "convolution" in names:
        return "convolution"
    if any(word in names for word in ("addmm", "aten.mm", "bmm", "linear")):
        return "linear"
    return "pooling" if "pool" in names else "other"
