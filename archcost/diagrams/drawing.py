"""Drawing a diagram: boxes, lines and letters on a figure, with the themes and sizes of the charts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.theme import TITLE, find_size, find_theme, use_settings
from archcost.diagrams.labels import name_node, spell_shape
from archcost.diagrams.layout import Spaces, lay_out
from archcost.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    from archcost.charts.theme import Size, Theme
    from archcost.diagrams.graph import Graph
    from archcost.diagrams.layout import Box, Layout
    from archcost.records import Report

COSTS = ("macs", "params", "memory", "receptive-field", "none")
SHOWN = ("bar", "width", "colour")
QUANTITIES = {"macs": "macs", "params": "params", "memory": "activation_bytes"}
PADDING = 0.6  # of the font, within a box
LEADING = 1.25  # of the font, from line to line
BAR = 0.3  # of the font, the height of a bar
UNIT = 100.0  # points, at which letters are measured
MARGIN = 1.2  # of the font, around the drawing
HEAD = 2.2 * TITLE  # times the font, above the drawing
FACTORS = (1.6, 1.3, 1.15, 1.0)  # of the size's font
WIDEST = 3.0  # times the narrowest box, where the width shows the cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a diagram looks: the cost that it shows (of `COSTS`), how (of `SHOWN`), and the names of theme and size."""

    cost: str = "macs"
    show: str = "bar"
    theme: str = "light"
    size: str = "16:9"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn: the texts and figures of each box, and where it lies, in points."""

    names: Mapping[int, str]
    figures: Mapping[int, str]
    shares: Mapping[int, float]
    layout: Layout
    font: float


def plan(graph: Graph, report: Report, style: Style) -> Plan:
    """Return the texts and places of all boxes, with letters as large as fit and no smaller than the size's font."""
    size = find_size(style.size)
    for factor in FACTORS:
        planned = _plan(graph, report, style, factor * size.font)
        if fits(planned, size):
            break
    return planned


def _plan(graph: Graph, report: Report, style: Style, font: float) -> Plan:
    size = find_size(style.size)
    names = {key: name_node(graph, key, report) for key in graph.nodes}
    values = {key: _cost(graph, key, style.cost) for key in graph.nodes}
    figures = {key: _spell_cost(value, style.cost) for key, value in values.items()}
    sizes = {key: value or 0.0 for key, value in values.items() if not isinstance(value, str)}
    largest = max(sizes.values(), default=0) or 1
    shares = {key: value / largest for key, value in sizes.items()} if style.cost in QUANTITIES else {}
    widest = max(measure(text, font) for text in names.values())

    def size_of(key: int) -> tuple[float, float]:
        width = max(measure(names[key], font), measure(figures[key], font))
        if style.show == "width" and shares:
            width = max(width, shares.get(key, 0) * min(WIDEST * font * 8, 2 * widest))
        lines = 2 if figures[key] else 1
        return width + 2 * PADDING * font, (lines * LEADING + 2 * PADDING * 0.7) * font

    spaces = Spaces(across=1.8 * font, along=2.6 * font, lane=1.6 * font)
    reads = {key: list(graph.reads[key]) for key in graph.nodes}
    room = 72 * size.height - 2 * MARGIN * font - HEAD * font
    layout = lay_out(list(graph.nodes), reads, size_of, spaces, room)
    return Plan(names, figures, shares, layout, font)


def _cost(graph: Graph, key: int, cost: str) -> float | str | None:
    rows = [graph.layers[row] for row in graph.nodes[key].rows]
    if cost in QUANTITIES:
        return float(sum(getattr(row, QUANTITIES[cost]) or 0 for row in rows))
    if cost == "receptive-field":
        return units.extents(graph.layers[max(graph.nodes[key].rows)].receptive_field)
    return None


def _spell_cost(value: float | str | None, cost: str) -> str:
    if not value:
        return ""
    if isinstance(value, str):
        return f"RF {value}"
    metric = METRICS[QUANTITIES[cost]]
    return units.short(value, metric.unit) if metric.unit else f"{units.short(value)} {metric.label}"


def measure(text: str, font: float) -> float:
    """Return the width of a text in points."""
    return _measure_unit(text) * font


@cache
def _measure_unit(text: str) -> float:
    """Return the width of a text in units of the font, from the metrics of the font that comes with matplotlib."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.0
    letters = TextPath((0, 0), text, prop=FontProperties(family="DejaVu Sans", size=UNIT))
    return float(letters.get_extents().x1) / UNIT


def draw_diagram(graph: Graph, report: Report, style: Style, title: str, planned: Plan | None = None) -> Figure:
    """Draw a graph with matplotlib.

    What does not fit the size that is asked for makes the figure larger: letters keep their size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    theme, size = find_theme(style.theme), find_size(style.size)
    planned = planned or plan(graph, report, style)
    margin, head = MARGIN * planned.font, HEAD * planned.font
    wanted = planned.layout.width + 2 * margin, planned.layout.height + 2 * margin + head
    width, height = max(wanted[0], 72 * size.width), max(wanted[1], 72 * size.height)
    with use_settings(theme, size):
        figure = Figure(figsize=(width / 72, height / 72))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        figure.suptitle(title, x=margin / width, y=1 - margin / height, ha="left", va="top",
                        fontsize=TITLE * planned.font, fontweight="bold")  # fmt: skip
        left = (width - planned.layout.width) / 2
        top = margin + head + max(0.0, (height - wanted[1]) / 2)
        _Drawer(axes, graph, planned, theme, style, (left, top)).draw()
    return figure


def fits(planned: Plan, size: Size) -> bool:
    """Whether a drawing fits a canvas with its title."""
    margin, head = MARGIN * planned.font, HEAD * planned.font
    layout = planned.layout
    return layout.width + 2 * margin <= 72 * size.width and layout.height + 2 * margin + head <= 72 * size.height


class _Drawer:
    def __init__(
        self, axes: Axes, graph: Graph, planned: Plan, theme: Theme, style: Style, corner: tuple[float, float]
    ) -> None:
        self.axes, self.graph, self.plan, self.theme, self.style = axes, graph, planned, theme, style
        self.left, self.top = corner

    def draw(self) -> None:
        for points in self.plan.layout.lines.values():
            self.draw_line([(x + self.left, y + self.top) for x, y in points])
        for key in self.graph.nodes:
            self.draw_box(key)
        self.write_shapes()

    def draw_line(self, points: list[tuple[float, float]]) -> None:
        xs, ys = zip(*points, strict=True)
        self.axes.plot(xs, ys, color=self.theme.muted, linewidth=1.1, solid_joinstyle="round", zorder=1)
        (x0, y0), (x1, y1) = points[-2:]
        self.axes.annotate(
            "", (x1, y1), (x0, y0), zorder=1,
            arrowprops={"arrowstyle": "-|>", "color": self.theme.muted, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.1},
        )  # fmt: skip

    def draw_box(self, key: int) -> None:
        from matplotlib.patches import Rectangle

        box, node, theme, font = self.plan.layout.boxes[key], self.graph.nodes[key], self.theme, self.plan.font
        x, y = box.x - box.width / 2 + self.left, box.top + self.top
        share = self.plan.shares.get(key, 0.0)
        face = _mix(theme.background, theme.hues[0], 0.45 * share) if self.style.show == "colour" else theme.background
        if node.times > 1 or node.paths > 1:  # a second sheet behind it
            self.axes.add_patch(_sheet(x + 0.25 * font, y - 0.25 * font, box, theme, font, theme.background))
        self.axes.add_patch(_sheet(x, y, box, theme, font, face, folded=node.module is not None))
        figure = self.plan.figures[key]
        middle = y + box.height / 2 - (LEADING * font / 2 if figure else 0)
        self.axes.text(box.x + self.left, middle, self.plan.names[key], ha="center", va="center", fontsize=font)
        if figure:
            self.axes.text(
                box.x + self.left, middle + LEADING * font, figure, ha="center", va="center", fontsize=font,
                color=theme.muted,
            )  # fmt: skip
        if self.style.show == "bar" and share:
            room = box.width - 0.8 * font
            self.axes.add_patch(
                Rectangle((x + 0.4 * font, y + box.height - BAR * font - 2), max(room * share, 1), BAR * font,
                          facecolor=theme.hues[0], linewidth=0, zorder=3)
            )  # fmt: skip

    def write_shapes(self) -> None:
        """Write the shape of each result beside the line that leaves its box, where it is not the one before."""
        font = self.plan.font
        for key in self.graph.nodes:
            if not self.graph.readers[key]:
                continue
            shape = spell_shape(self.graph.layers[max(self.graph.nodes[key].rows)])
            box = self.plan.layout.boxes[key]
            self.axes.text(
                box.x + self.left + 0.4 * font, box.bottom + self.top + 0.25 * font, shape, ha="left", va="top",
                fontsize=font, color=self.theme.muted,
                bbox={"facecolor": self.theme.background, "edgecolor": "none", "pad": 0.5}, zorder=2,
            )  # fmt: skip


def _sheet(
    x: float, y: float, box: Box, theme: Theme, font: float, face: str, *, folded: bool = False
) -> FancyBboxPatch:
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch(
        (x, y), box.width, box.height, boxstyle=f"round,pad=0,rounding_size={0.35 * font}",
        facecolor=face, edgecolor=theme.text, linewidth=1.6 if folded else 1.0, zorder=2,
    )  # fmt: skip


def _mix(one: str, other: str, share: float) -> str:
    channels = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)
