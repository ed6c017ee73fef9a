"""Ball charts: accuracy against a cost, a ball's area by another cost, its hue and the shape at its centre by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.charts.crowd import draw_crowd
from archcost.charts.datasets import cite_accuracies, keep_dataset
from archcost.charts.families import LECTURED, assign_looks, find_line
from archcost.charts.labels import MARK, place_labels
from archcost.charts.measured import WHISKER, cite_times, draw_whiskers
from archcost.charts.quantities import OPERATIONS, QUANTITIES
from archcost.charts.scales import make_logarithmic
from archcost.errors import ArgumentError
from archcost.records.comparison import frontier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.collections import PathCollection

    from archcost.charts.canvas import Canvas
    from archcost.charts.quantities import Quantity
    from archcost.records import Comparison, ComparisonRow

DASHES = (0, (4, 2))
LARGEST = 0.1  # of the chart's height: the diameter of the largest ball
ALL_NAMED = 25  # more names are not readable from the last row
SIZES = 0.24  # of the chart's height: the legend of the sizes
ENTRY = 1.3  # times the font: a line of a legend
KEYS = (0.78, 0.58)  # of the chart's width: the key, beside a legend of one or two columns


def draw(
    canvas: Canvas,
    data: Comparison,
    *,
    x: str,
    y: str = "top1",
    labels: str = "auto",
    linear: bool = False,
    doubled: bool = False,
    limits: tuple[float, float, float, float] | None = None,
    printed: Mapping[str, tuple[float, float]] | None = None,
    title: str | None = None,
    remark: str = "",
) -> None:
    """Draw balls. A name that does not fit becomes a number with a key below the chart.

    Args:
        canvas: the canvas to draw on.
        data: networks; a network that lacks one of the quantities is left out.
        x: "macs", "params", "seconds" or "rate".
        y: "top1" or "macs". The area shows the parameters, or the multiply-adds where x is the parameters or a rate.
        labels: "all", "none", "pareto", or "auto": all if they are few, else the frontier's and each line's ends.
        linear: whether the x axis is linear rather than logarithmic.
        doubled: whether each multiply-add is shown as two operations.
        limits: limits of x and y in the axes' units; None to fit the data.
        printed: a paper's own points in the axes' units, by spec.
        title: the headline.
        remark: further information about the networks.

    Raises:
        ArgumentError: fewer than two networks have the quantities of the chart.
    """
    if x == "seconds" and any(row.per_second for row in data.rows):  # each at a batch of its own
        x = "image"
    across, up = (OPERATIONS if doubled and name == "macs" else QUANTITIES[name] for name in (x, y))
    area = QUANTITIES["macs" if x in {"params", "rate"} else "params"]
    note = ""
    if y == "top1":
        data, note = keep_dataset(data)
    rows = [row for row in data.rows if across.read(row) and up.read(row) is not None]
    if len(rows) < 2:  # noqa: PLR2004 - a comparison
        raise ArgumentError(
            f"a chart of {up.name} against {across.name} compares at least two networks; {len(rows)} can be drawn"
        )
    best = _find_best(rows, across, up) if y == "top1" else ()
    if any(row.published for row in rows):
        headline = title or _state_finding(rows, across, up, f"{len(best)} of {units.exact(len(rows))} sets of weights")
        draw_crowd(canvas, data, rows, best, across=across, up=up, area=area, labels=labels, headline=headline)
        return
    named = _choose_named(rows, set(best), labels, canvas.words.highlight)
    cited = ". ".join(filter(None, (_cite_source(data, rows, x, y), note, remark)))
    columns = _count_columns(canvas, rows)
    numbered: list[int] = []
    while True:
        key = [f"{place} {_shorten_name(rows[i], rows)}" for place, i in enumerate(numbered, 1)]
        room = canvas.count_entries(key, KEYS[columns - 1])
        dropped = numbered[room:]
        numbered, named = numbered[:room], [i for i in named if i not in dropped]
        canvas.unplaced.extend(_shorten_name(rows[i], rows) for i in dropped)
        chart = _Chart(canvas, rows, across, up, area, printed or {}, columns=columns)
        chart.set_scales(linear=linear, logarithmic=y != "top1", limits=limits)
        headline = title or _state_finding(rows, across, up, f"{len(best)} of {len(rows)} networks")
        below = canvas.write_title(headline, cited, key=key[:room], key_share=KEYS[columns - 1])
        missing = chart.draw(best, named, numbered, below)
        new = [i for i in missing if i not in numbered]
        if not new:
            canvas.unplaced.extend(_shorten_name(rows[i], rows) for i in missing)
            return
        numbered = sorted([*numbered, *new], key=named.index)
        canvas.start_anew()


def _state_finding(rows: Sequence[ComparisonRow], across: Quantity, up: Quantity, unbeaten: str) -> str:
    """Return a headline: the axes and how many networks are unbeaten, or the range of speeds."""
    axes = f"{up.name[0].upper()}{up.name[1:]} against {across.name}"
    if up is QUANTITIES["top1"]:
        return f"{axes}: {unbeaten} are unbeaten"
    rates = sorted((up.read(row) or 0) / (across.read(row) or 1) for row in rows)
    return f"{axes}: {units.short(rates[0])} to {units.short(rates[-1])} a second"


def _find_best(rows: Sequence[ComparisonRow], across: Quantity, up: Quantity) -> tuple[int, ...]:
    sign = -1 if across.rising else 1
    return frontier([(sign * (across.read(row) or 0), up.read(row) or 0) for row in rows])


class _Chart:
    """The axes and their contents."""

    def __init__(
        self,
        canvas: Canvas,
        rows: Sequence[ComparisonRow],
        across: Quantity,
        up: Quantity,
        area: Quantity,
        printed: Mapping[str, tuple[float, float]],
        *,
        columns: int,
    ) -> None:
        self.canvas, self.rows, self.across, self.area, self.columns = canvas, rows, across, area, columns
        self.printed = [printed[row.spec] for row in rows if row.spec in printed]
        self.xs, self.ys = ([(of.read(row) or 0) / of.unit for row in rows] for of in (across, up))
        self.timed = across in (QUANTITIES["seconds"], QUANTITIES["rate"])
        self.axes = canvas.add_axes()
        self.axes.set(xlabel=across.label, ylabel=up.label)

    def draw(self, best: Sequence[int], named: Sequence[int], numbered: Sequence[int], below: int) -> list[int]:
        """Draw everything, with numbers for names that did not fit before; return the rows whose names do not fit.

        `below` is the number of lines of text below the legend of the sizes.
        """
        canvas, axes, points = self.canvas, self.axes, list(zip(self.xs, self.ys, strict=True))
        steps = _trace_steps([points[i] for i in best], axes.get_xlim()[0 if self.across.rising else 1])
        if best:
            axes.plot(*steps, color=canvas.theme.muted, linewidth=1.6, linestyle=DASHES, zorder=1, label="pareto")
        balls = self.draw_balls()
        if self.printed:
            xs, ys = zip(*self.printed, strict=True)
            style: dict[str, Any] = {"fillstyle": "none", "markersize": MARK * canvas.size.font, "zorder": 3}
            axes.plot(xs, ys, "D", color=canvas.theme.text, label="printed", **style)
        self.draw_legends(below, frontier_shown=bool(best))
        texts = {i: _shorten_name(self.rows[i], self.rows) for i in named}
        texts |= {i: f"{place}" for place, i in enumerate(numbered, 1)}
        order = [*numbered, *(i for i in named if i not in numbered)]
        names = [(texts[i], *points[i]) for i in order]
        lines = [*([steps] if best else []), *self.list_whiskers()]
        points.extend(self.printed)
        missing = place_labels(canvas, axes, names, balls=balls, points=points, lines=lines)
        return [i for i, name in zip(order, names, strict=True) if any(name is lost for lost in missing)]

    def set_scales(self, *, linear: bool, logarithmic: bool, limits: tuple[float, float, float, float] | None) -> None:
        """Set the final limits: `linear` applies to x, `logarithmic` to y."""
        axes, xs, ys = self.axes, self.xs, self.ys
        if linear:
            axes.set_xlim(0, 1.06 * max(xs))
        else:
            make_logarithmic(axes.xaxis, xs)
        if logarithmic:
            make_logarithmic(axes.yaxis, ys)
        else:
            room = max(3.0, 0.1 * (max(ys) - min(ys)))
            axes.set_ylim(min(ys) - room, min(max(ys) + room, 100))
        if limits:
            axes.set(xlim=limits[:2], ylim=limits[2:])

    def draw_balls(self) -> PathCollection:
        """Draw the balls, the largest at the back, and the shapes at their centres; return the balls.

        If an axis shows times, whiskers show their spread, and hollow shapes mark unreliable times.
        """
        canvas, rows, axes = self.canvas, self.rows, self.axes
        styles = assign_looks([row.family for row in rows], canvas.theme)
        looks = [styles[find_line(row.family)] for row in rows]
        hues = [canvas.choose_hue(hue, row.spec, row.name) for (hue, _), row in zip(looks, rows, strict=True)]
        sizes = [self.area.read(row) or 0 for row in rows]
        points = [_choose_diameter(canvas) ** 2 * size / max(sizes) for size in sizes]
        back = sorted(range(len(rows)), key=lambda i: -points[i])
        left, up, areas = ([values[i] for i in back] for values in (self.xs, self.ys, points))
        edges = [hues[i] for i in back]
        balls = axes.scatter(left, up, s=areas, c=edges, alpha=0.25, linewidths=0, zorder=2, label="balls")
        axes.scatter(left, up, s=areas, facecolors="none", edgecolors=edges, linewidths=1, zorder=2)
        if self.across is QUANTITIES["seconds"]:
            draw_whiskers(axes, [row.time for row in rows], self.ys, hues, upright=False)
        for i, row in enumerate(rows):
            hollow = self.timed and row.time is not None and row.time.doubtful
            axes.plot(
                [self.xs[i]], [self.ys[i]], linestyle="", marker=looks[i][1], color=hues[i], zorder=3,
                markersize=MARK * canvas.size.font, markeredgewidth=1.2 if hollow else 0.5,
                markeredgecolor=hues[i] if hollow else canvas.theme.background,
                markerfacecolor=canvas.theme.background if hollow else hues[i],
            )  # fmt: skip
        return balls

    def list_whiskers(self) -> list[tuple[list[float], list[float]]]:
        """Return the ends of the whiskers, if an axis shows times, by x and y."""
        found = self.axes.findobj(lambda each: each.get_label() == WHISKER)
        ends = [end for lines in found for end in lines.get_segments()]  # type: ignore[attr-defined]  # LineCollections
        return [([left, right], [y, y]) for (left, y), (right, _) in ends]

    def draw_legends(self, below: int, *, frontier_shown: bool) -> None:
        """Draw the legend of the lines and, below it, the legend of the sizes: nested circles."""
        from matplotlib.lines import Line2D

        canvas, rows, area = self.canvas, self.rows, self.area
        theme, font = canvas.theme, canvas.size.font
        members = {line: [row for row in rows if find_line(row.family) == line] for line in map(_find_row_line, rows)}
        handles = [
            Line2D(
                [], [], linestyle="", marker=shape, markersize=0.75 * font, label=line,
                color=canvas.choose_hue(hue, *(name for row in members[line] for name in (row.spec, row.name))),
            )
            for line, (hue, shape) in assign_looks([row.family for row in rows], theme).items()
        ]  # fmt: skip
        if frontier_shown:
            handles.append(Line2D([], [], color=theme.muted, linewidth=1.6, linestyle=DASHES, label="Pareto frontier"))
        if self.printed:
            read = "as read from\nthe paper's figure"
            handles.append(Line2D([], [], linestyle="", marker="D", fillstyle="none", color=theme.text, label=read))
        canvas.figure.legend(
            handles=handles, loc="outside right upper", labelspacing=0.25, handlelength=1.4, columnspacing=1,
            ncols=self.columns,
        )  # fmt: skip
        canvas.figure.draw_without_rendering()  # fixes the right end of the axes, beyond which the circles are drawn
        canvas.figure.set_layout_engine("none")
        _draw_sizes(canvas, rows, area, below)


def _count_columns(canvas: Canvas, rows: Sequence[ComparisonRow]) -> int:
    """Return the columns of the legend of lines: two if one would reach down to the legend of the sizes."""
    entries = len(set(map(_find_row_line, rows))) + 1  # and the frontier
    height = 72 * canvas.size.height
    return 1 if ENTRY * canvas.size.font * (entries + 5) + SIZES * height < height else 2


def _find_row_line(row: ComparisonRow) -> str:
    return find_line(row.family)


def _draw_sizes(canvas: Canvas, rows: Sequence[ComparisonRow], area: Quantity, below: int) -> None:
    theme, font = canvas.theme, canvas.size.font
    largest = max(area.read(row) or 0 for row in rows) / area.unit
    steps = [step for step in area.steps if step <= largest] or [largest]
    width, height = 72 * canvas.size.width, 72 * canvas.size.height
    left = max(axes.get_position().x1 for axes in canvas.figure.axes) + 0.02
    bottom = 0.04 + 1.35 * font * below / height
    inset = canvas.figure.add_axes((left, bottom, 0.99 - left, SIZES))
    inset.set(xlim=(0, (0.99 - left) * width), ylim=(0, SIZES * height), label="sizes")  # points, the unit of marks
    inset.axis("off")
    middle = 0.55 * _choose_diameter(canvas)
    diameters = [_choose_diameter(canvas) * (step / largest) ** 0.5 for step in steps]
    lowest = 0.0
    for step, diameter in zip(steps, diameters, strict=True):
        inset.scatter([middle], [diameter / 2], s=diameter**2, facecolors="none", edgecolors=theme.muted)
        top = max(diameter, lowest)
        inset.plot([middle, 2.2 * middle], [diameter, top], color=theme.muted, linewidth=0.8)
        inset.text(2.3 * middle, top, units.number(step), va="center", fontsize=font)
        lowest = top + 1.3 * font
    inset.text(0, max(lowest, _choose_diameter(canvas) + font), f"area:\n{area.label}", va="bottom", fontsize=font)


def _choose_diameter(canvas: Canvas) -> float:
    """Return the diameter of the largest ball in points."""
    return LARGEST * 72 * canvas.size.height


def _trace_steps(points: list[tuple[float, float]], end: float) -> tuple[list[float], list[float]]:
    """Return the corners of the frontier's steps: constant until a costlier network is more accurate."""
    if not points:
        return [], []
    xs, ys = [points[0][0]], [points[0][1]]
    for x, y in points[1:]:
        xs += [x, x]
        ys += [ys[-1], y]
    return [*xs, end], [*ys, ys[-1]]


def _choose_named(rows: Sequence[ComparisonRow], best: set[int], labels: str, wanted: Sequence[str]) -> list[int]:
    """Return the rows to name, the most important first."""
    if labels == "none":
        return []
    looked_at = {i for i, row in enumerate(rows) if {row.spec, row.name} & set(wanted)}
    lectured = {i for i, row in enumerate(rows) if row.spec in LECTURED}
    everything = sorted(
        range(len(rows)), key=lambda i: (i not in looked_at, i not in lectured, i not in best, -rows[i].params)
    )
    if labels == "pareto":
        return [i for i in everything if i in best or i in looked_at]
    if labels == "all" or len(rows) <= ALL_NAMED:
        return everything
    ends: set[int] = set()
    for line in set(map(_find_row_line, rows)):
        members = [i for i, row in enumerate(rows) if find_line(row.family) == line]
        ends |= {max(members, key=lambda i: rows[i].macs), min(members, key=lambda i: rows[i].macs)}
    return [i for i in everything if i in looked_at | lectured | best | ends]


def _shorten_name(row: ComparisonRow, rows: Sequence[ComparisonRow]) -> str:
    """Return the name without its remarks, or the spec if several networks share it."""
    name = row.name.partition(", ")[0]
    return name if sum(other.name.partition(", ")[0] == name for other in rows) == 1 else row.spec


def _cite_source(data: Comparison, rows: Sequence[ComparisonRow], x: str, y: str) -> str:
    texts = [f"{len(rows)} networks"]
    if y == "top1":
        texts.append(cite_accuracies(data))
    if x in {"seconds", "rate"}:
        texts.append(cite_times([row.time for row in rows], batch=data.batch, what="Rate" if x == "rate" else "Time"))
    return ". ".join((*texts, "Costs: counted by archcost"))
