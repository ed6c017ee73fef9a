"""Bars of memory, parameters and multiply-adds for each layer, from the input to the output."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

    from archcost.charts.canvas import Canvas
    from archcost.records import Layer, Report

SHOWN = ("activation_bytes", "params", "macs")
WORDS = {"activation_bytes": "memory", "params": "parameters", "macs": "multiply-adds"}
LETTER = 0.68  # times the font, the length of a letter beside an axis
TICK = 0.58  # the same for a name below the bars
LEGEND, AXIS, GAP = 9.5, 5.5, 1.5  # times the font: the widths of the texts beside the bars
MOST_NETWORKS = 3
MOST_LAYERS = 60  # with more layers, a bar shows a module
REST = " ..."  # after the first of several modules whose last name has no room
LOW = 2.2  # times the font: the height of a panel that has room for a single number
BELOW = 0.33  # of the chart's height: the longest name below the bars
# a group of layers: a hue of the theme, and a hatch that is readable without colour
GROUPS = {"convolution": (0, ""), "linear": (1, "///"), "pooling": (2, "..."), "other": (3, "xxx")}


def draw(
    canvas: Canvas, data: Sequence[Report], *, free_scales: bool = False, quantities: Sequence[str] = SHOWN
) -> None:
    """Draw a row of bars for each quantity. The networks share the axis of a row unless `free_scales`.

    Raises:
        ArgumentError: there is no network, or too many to draw side by side.
    """
    if not 1 <= len(data) <= MOST_NETWORKS:
        raise ArgumentError(f"a chart of layers shows one to {MOST_NETWORKS} networks, not {len(data)}")
    room = _count_room(canvas, len(data), shared=not free_scales)
    letters = int(BELOW * 72 * canvas.size.height / (TICK * canvas.size.font))
    shown = [fold_layers(report, room, letters) for report in data]
    first: list[Axes] = []
    marks: list[Annotation] = []
    for line, name in enumerate(quantities):
        scale = units.scale([max((bar.value(name) for bars in shown for bar in bars), default=0)])
        for column, (report, bars) in enumerate(zip(data, shown, strict=True)):
            shared = {"sharey": first[line]} if column and not free_scales else {}
            axes = canvas.add_axes(len(quantities), len(data), 1 + line * len(data) + column, **shared)
            first += [axes] if not column else []
            _draw_bars(canvas, axes, bars, name, scale)
            total = getattr(report.totals, name)
            marks += _mark_largest(canvas, axes, bars, name, scale, total=total, named=len(data) == 1)
            axes.set_xticks([])
            beside = [bars] if free_scales else shown
            axes.set_ylim(0, max((bar.value(name) for row in beside for bar in row), default=0) / scale.divisor or 1)
            if not column:
                unit = f"{scale.prefix}{METRICS[name].unit}"
                axes.set_ylabel(f"{WORDS[name]}\n({unit})" if unit else WORDS[name])
            elif not free_scales:
                axes.tick_params(labelleft=False)
            if line == 0 and len(data) > 1:  # the headline names a single network
                axes.set_title(
                    report.network.name.partition(", ")[0], fontsize=1.1 * canvas.size.font, fontweight="bold", pad=10
                )
            if line == len(quantities) - 1:
                axes.set_xticks(range(len(bars)), [bar.name for bar in bars], rotation=90, fontsize=canvas.size.font)
    _draw_legend(canvas, {group for bars in shown for bar in bars for group in bar.groups})
    canvas.figure.align_ylabels()
    batch = data[0].network.inputs[0].shape[0] if data[0].network.inputs else 1
    scales = "; each network has axes of its own" if free_scales and len(data) > 1 else ""
    scales += "" if len(data) == 1 else "; the share stands at the largest bar"
    folded = any(len(bar.layers) > 1 for bars in shown for bar in bars)
    scales += "; a bar is a module where its layers have no room" if folded else ""
    cut = any(bar.name.endswith(REST) for bars in shown for bar in bars)
    scales += f", with{REST} the modules up to the next bar" if cut else ""
    memory = ". Memory: the activations that a layer makes" if "activation_bytes" in quantities else ""
    canvas.write_title(
        _state_finding(data, shown),
        f"Counted by archcost, batch {units.number(batch)}{memory}{scales}",
    )
    _fit_texts(canvas, first, quantities, marks)


@dataclass(frozen=True, slots=True)
class Bar:
    """A layer, or the layers of a module, under its name."""

    name: str
    layers: tuple[Layer, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its layers."""
        return tuple(dict.fromkeys(map(_find_group, self.layers)))

    def value(self, name: str, group: str | None = None) -> int:
        """Return a quantity of its layers of a group, or of all its layers."""
        return sum(getattr(layer, name) for layer in self.layers if group in {None, _find_group(layer)})


def fold_layers(report: Report, room: int, letters: int = 80) -> list[Bar]:
    """Return as many bars as can be named: layers, or the deepest modules that fit, or runs of modules.

    The name of a run has at most so many letters, if its first module's name has.
    """
    names = name_layers(report.layers)
    layers = [layer for layer in report.layers if any(getattr(layer, name) for name in SHOWN)]
    most = min(room, MOST_LAYERS)
    if len(layers) <= most:
        return [Bar(names.get(layer.name, layer.name), (layer,)) for layer in layers]
    levels = {layer.name: _list_levels(names.get(layer.name, layer.name)) for layer in layers}
    for depth in range(max(map(len, levels.values())), 0, -1):
        folded = groupby(layers, key=lambda layer: levels[layer.name][:depth][-1])
        runs = [Bar(name, tuple(members)) for name, members in folded]
        if len(runs) <= most:
            return _shorten_names(runs)
    size = -(-len(runs) // most)
    runs = _shorten_names(runs)
    return [_join_bars(runs[i : i + size], letters) for i in range(0, len(runs), size)]


def _shorten_names(bars: list[Bar]) -> list[Bar]:
    """Drop the name of the module that holds most of the bars, if the names stay unique: "cells.cell5" is cell5."""
    (outer, members), *_ = Counter(bar.name.partition(".")[0] for bar in bars if "." in bar.name).most_common(1) or [
        ("", 0)
    ]
    short = [bar.name.removeprefix(f"{outer}.") for bar in bars]
    apart = len(set(short)) == len({bar.name for bar in bars}) and not any(name.isdecimal() for name in short)
    if 2 * members <= len(bars) or not apart:
        return bars
    return [Bar(name, bar.layers) for name, bar in zip(short, bars, strict=True)]


def name_layers(layers: Sequence[Layer]) -> dict[str, str]:
    """Return the lectures' names for a plain stack of 3x3 convolutions with numbered layers, such as VGG.

    Example: "features.0" is conv1_1, the pool after "features.2" pool1, and the first linear layer of VGG-16 fc6.
    """
    stacked = [layer for layer in layers if layer.role in {"convolution", "pooling", "linear"}]
    kernels = {layer.kernel for layer in stacked if layer.role == "convolution"}
    if kernels != {(3, 3)} or not all(layer.name.rpartition(".")[2].isdecimal() for layer in stacked):
        return {}
    names, stage, place = {}, 1, 0
    for layer in stacked:
        if layer.role == "convolution":
            place += 1
            names[layer.name] = f"conv{stage}_{place}"
        elif layer.role == "pooling" and place:
            names[layer.name] = f"pool{stage}"
            stage, place = stage + 1, 0
        elif layer.role == "linear":
            names[layer.name] = f"fc{stage}"
            stage += 1
    return names


def _list_levels(name: str) -> list[str]:
    """Return the names of the modules around a layer, and its own name; conv1_1 lies in conv1."""
    return [name[: found.start()] for found in re.finditer(r"\.|_(?=\d)|$", name)]


def _join_bars(bars: Sequence[Bar], letters: int) -> Bar:
    """Return the bar of a run: "conv1 to pool1", "stage2 to 3", or "pool3 ..." where the last name has no room."""
    first, last = bars[0].name, bars[-1].name
    name = first
    if len(bars) > 1:
        shared = re.split(r"\d", first)[0]  # the word before the first number
        name = f"{first} to {last.removeprefix(shared)}"
        name = name if len(name) <= letters else first + REST
    return Bar(name, tuple(layer for bar in bars for layer in bar.layers))


def _state_finding(data: Sequence[Report], shown: Sequence[Sequence[Bar]]) -> str:
    """Return a headline: where a network's memory and parameters lie, or which network has the most of each."""
    if len(data) == 1:
        (report,), (bars,) = data, shown
        parts = [_spell_most(bars, name, getattr(report.totals, name)) for name in ("activation_bytes", "params")]
        name = report.network.name.partition(", ")[0]
        return f"{name}: {' and '.join(filter(None, parts))}" if any(parts) else f"{name}, layer by layer"
    first = {name: max(data, key=lambda report: getattr(report.totals, name)) for name in SHOWN}
    words: dict[str, list[str]] = {}
    for name, report in first.items():
        words.setdefault(report.network.name.partition(", ")[0], []).append(WORDS[name])
    return "; ".join(f"{name} has most {' and '.join(which)}" for name, which in words.items())


def _spell_most(bars: Sequence[Bar], name: str, total: int) -> str:
    if not total:
        return ""
    most = max(bars, key=lambda bar: bar.value(name))
    return f"{units.share(most.value(name), total)} % of the {WORDS[name]} in {most.name}"


def _count_room(canvas: Canvas, networks: int, *, shared: bool) -> int:
    """Return how many names fit side by side below the bars of a network.

    The legend, the axes' names and the numbers or gaps between networks also take up width.
    """
    font = canvas.size.font
    width = 72 * canvas.size.width / font - LEGEND - AXIS - (networks - 1) * (GAP if shared else AXIS)
    return max(int(width / networks / 1.3), 1)


def _fit_texts(canvas: Canvas, first: Sequence[Axes], quantities: Sequence[str], marks: Sequence[Annotation]) -> None:
    """Fit the texts to the panels, whose size is now known: leave room above bars, and shorten or turn axes' names.

    A mark that would reach beyond its panel moves into it.
    """
    canvas.figure.draw_without_rendering()
    point = canvas.figure.dpi / 72
    for axes, name in zip(first, quantities, strict=True):
        height = axes.get_window_extent().height / point
        if height < LOW * canvas.size.font:
            axes.locator_params(axis="y", nbins=1, prune="lower")
        above = min(2 * canvas.size.font / height, 0.6)  # of the panel's height: a line of letters
        axes.set_ylim(0, axes.get_ylim()[1] / (1 - above))
        unit = axes.get_ylabel().partition("\n")[2]
        if len(WORDS[name]) * LETTER * canvas.size.font > height + canvas.size.font:
            axes.set_ylabel(f"{METRICS[name].label}\n{unit}")
    least = min(axes.get_window_extent().height for axes in first) / point
    if max(len(METRICS[name].label) for name in quantities) * LETTER * canvas.size.font > least + canvas.size.font:
        for axes in first:
            axes.set_ylabel(axes.get_ylabel(), rotation="horizontal", ha="right", va="center")
    for mark in marks:
        letters, panel = mark.get_window_extent(), mark.axes.get_window_extent()  # type: ignore[union-attr]
        astray = max(panel.x0 - letters.x0, 0) - max(letters.x1 - panel.x1, 0)
        x, y = mark.get_position()
        mark.set_position((x + astray / point, y))


def _draw_bars(canvas: Canvas, axes: Axes, bars: Sequence[Bar], name: str, scale: units.Scale) -> None:
    """Draw a bar for each name, with the groups of its layers stacked."""
    below = [0.0] * len(bars)
    for group, (hue, hatch) in GROUPS.items():
        heights = [bar.value(name, group) / scale.divisor for bar in bars]
        places = [i for i, bar in enumerate(bars) if group in bar.groups]
        axes.bar(
            places, [heights[i] for i in places], bottom=[below[i] for i in places], width=0.85, hatch=hatch,
            color=canvas.theme.hues[hue], edgecolor=canvas.theme.background, linewidth=0, label=f"{name}-{group}",
        )  # fmt: skip
        below = [low + height for low, height in zip(below, heights, strict=True)]
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.7, len(bars) - 0.3)
    axes.locator_params(axis="y", nbins=4)


def _mark_largest(
    canvas: Canvas, axes: Axes, bars: Sequence[Bar], name: str, scale: units.Scale, *, total: int, named: bool
) -> list[Annotation]:
    """Write the name and the share of the largest bar; for networks side by side, only the share."""
    if not total:
        return []
    values = [bar.value(name) for bar in bars]
    most = max(range(len(bars)), key=values.__getitem__)
    left = most > len(bars) / 2
    share = f"{units.share(values[most], total)} %"
    mark = axes.annotate(
        f"{bars[most].name}: {share}" if named else share,
        (most + (0.42 if left else -0.42), values[most] / scale.divisor), xytext=(0, 3), textcoords="offset points",
        ha="right" if left else "left", va="bottom", fontsize=canvas.size.font, bbox=canvas.plate,
    )  # fmt: skip
    return [mark]


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
