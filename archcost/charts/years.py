"""Accuracy at equal cost over the years: the best top-1 accuracy within budgets of multiply-adds, year by year."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archcost import units
from archcost.charts.crowd import assign_shapes, find_shape, list_shapes
from archcost.charts.datasets import cite_accuracies, keep_dataset
from archcost.charts.labels import place_labels
from archcost.comparison.published import OWN
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas
    from archcost.records import Comparison, ComparisonRow

    Trace: TypeAlias = tuple[list[float], list[float]]

RISE = 0.5  # points of accuracy: a network that raised a line by less has no name
YEAR = 3.1  # times the font: the width of a year and the gap after it
AXES = 0.6  # of the chart's width
BUDGETS = tuple(10**9 * size for size in (0.5, 2, 8, 32, 128))


class Best(NamedTuple):
    """The most accurate network of a budget from its year on, until a later one is more accurate."""

    year: int
    top1: float
    row: ComparisonRow


def draw(canvas: Canvas, data: Comparison, *, title: str | None = None, remark: str = "") -> None:
    """Draw a line for each budget, with the names of the networks that raised it.

    Args:
        canvas: the canvas to draw on.
        data: networks; those without a year are left out.
        title: the headline.
        remark: further information about the networks.

    Raises:
        ArgumentError: the networks with an accuracy and a year are all of one year, or cost more than each budget.
    """
    data, note = keep_dataset(data)
    rows = [row for row in data.rows if row.year is not None]
    years = sorted({row.year for row in rows if row.year is not None})
    if len(years) < 2:  # noqa: PLR2004 - a line
        known = years[0] if years else "no year"
        raise ArgumentError(f"a chart over the years needs networks of two years; these have {known}")
    lines = _choose_budgets(rows)
    if not lines:
        raise ArgumentError(f"each network costs more than {BUDGETS[-1] / 10**9:g} G multiply-adds, the largest budget")
    axes = canvas.add_axes()
    axes.set(xlabel="year of the architecture's paper", ylabel="top-1 accuracy (%)")
    axes.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    axes.set_xticks(range(years[0], years[-1] + 1, _choose_step(canvas, years[-1] - years[0] + 1)))
    shown = [each for best in lines.values() for each in best]
    axes.set_ylim(min(each.top1 for each in shown) - 3, min(max(each.top1 for each in shown) + 4, 100))
    shapes = assign_shapes([each.row for each in shown])
    traces = _draw_lines(canvas, axes, lines, shapes, end=years[-1] + 0.4)
    missing = len(data.rows) - len(rows)
    undated = f"{units.exact(missing)} of them without a known year are left out" if missing else ""
    cited = (_cite(data), undated, "Multiply-adds: counted by archcost", note, remark)
    canvas.write_title(title or _state_finding(lines), ". ".join(filter(None, cited)))
    entries = [*axes.get_legend_handles_labels()[0], *list_shapes(canvas, shapes, [each.row for each in shown])]
    canvas.figure.legend(handles=entries, loc="outside right upper", labelspacing=0.4, handlelength=1.6)
    _write_names(canvas, axes, lines, traces)


def _draw_lines(
    canvas: Canvas, axes: Axes, lines: Mapping[float, Sequence[Best]], shapes: Mapping[str, str], *, end: float
) -> list[Trace]:
    """Draw the steps of each budget up to the `end`, with a mark for each network; return the corners of the steps."""
    traces = []
    for place, (budget, best) in reversed(list(enumerate(lines.items()))):
        hue = canvas.find_hue(place)
        xs, ys = [*(each.year for each in best), end], [*(each.top1 for each in best), best[-1].top1]
        axes.step(xs, ys, where="post", color=hue, linewidth=2.2, label=f"≤ {budget / 10**9:g} G multiply-adds")
        for each in best:
            axes.plot(
                [each.year], [each.top1], marker=find_shape(shapes, each.row), color=hue,
                markersize=0.5 * canvas.size.font, label="_best",
            )  # fmt: skip
        traces.append(_trace(xs, ys))
    return traces


def _write_names(canvas: Canvas, axes: Axes, lines: Mapping[float, Sequence[Best]], traces: Sequence[Trace]) -> None:
    """Name the networks that raised a line by much."""
    named = {
        (each.year, each.top1): each.row
        for best in lines.values()
        for each, before in zip(best, [0.0, *(earlier.top1 for earlier in best)], strict=False)
        if each.top1 - before >= RISE
    }
    names = [(_name(row), *point) for point, row in sorted(named.items(), key=lambda each: -each[0][1])]
    places, heights = zip(*named, strict=True)
    balls = axes.scatter(places, heights, s=[1] * len(named), facecolors="none", edgecolors="none")
    lost = place_labels(canvas, axes, names, balls=balls, points=list(named), lines=traces)
    canvas.unplaced.extend(text for text, _, _ in lost)
    balls.remove()


def find_best(rows: Sequence[ComparisonRow], budget: float) -> list[Best]:
    """Return the networks within a budget that were more accurate than all before, at most one for each year."""
    found: list[Best] = []
    within = [
        Best(row.year, row.accuracy.top1, row)
        for row in rows
        if row.macs <= budget and row.year is not None and row.accuracy and row.accuracy.top1 is not None
    ]
    for each in sorted(within, key=lambda best: (best.year, -best.top1, best.row.macs)):
        if not found or each.top1 > found[-1].top1:
            found.append(each)
    return found


def _choose_budgets(rows: Sequence[ComparisonRow]) -> dict[float, list[Best]]:
    """Return the best of each budget, without a budget that allows no better ones than the budget below it."""
    lines: dict[float, list[Best]] = {}
    for budget in BUDGETS:
        best = find_best(rows, budget)
        if best and best not in lines.values():
            lines[budget] = best
    return lines


def _choose_step(canvas: Canvas, years: int) -> int:
    """Return the number of years from one label to the next, at which the labels do not touch."""
    return math.ceil(years * YEAR * canvas.size.font / (AXES * 72 * canvas.size.width))


def _trace(xs: Sequence[float], ys: Sequence[float]) -> Trace:
    """Return the corners of a line of steps."""
    corners = [(xs[0], ys[0])]
    for x, y in zip(xs[1:], ys[1:], strict=True):
        corners += [(x, corners[-1][1]), (x, y)]
    return [x for x, _ in corners], [y for _, y in corners]


def _state_finding(lines: dict[float, list[Best]]) -> str:
    """Return a headline with the rise within the budget that rose most."""
    if all(len(best) == 1 for best in lines.values()):
        return "Accuracy at equal cost: nothing later is more accurate"
    budget, best = max(lines.items(), key=lambda each: each[1][-1].top1 - each[1][0].top1)
    first, last = (f"{units.fixed(each.top1, 1)} % in {each.year}" for each in (best[0], best[-1]))
    return f"Accuracy at equal cost: within {budget / 10**9:g} G multiply-adds {first}, {last}"


def _name(row: ComparisonRow) -> str:
    return row.name.partition("." if row.published else ", ")[0]


def _cite(data: Comparison) -> str:
    alone = all(row.pretraining == OWN for row in data.rows)
    seen = f"{units.exact(len(data.rows))} sets of weights{' that saw ImageNet-1k alone' if alone else ''}. "
    return (seen if any(row.published for row in data.rows) else "") + cite_accuracies(data)
