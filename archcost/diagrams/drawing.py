"""Drawing diagrams: boxes, lines and letters on a figure, with the themes and sizes of the charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.charts.theme import TITLE, find_size, find_theme, use_settings
from archcost.diagrams.plan import (
    BESIDE,
    FRAME,
    FRAME_WITH_BAR,
    GAP,
    LEADING,
    MARGIN,
    PADDING,
    SHEET,
    measure,
    measure_all,
    measure_box,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    from archcost.charts.theme import Theme
    from archcost.diagrams.plan import Plan, Style

BAR = 0.3  # of the font, the height of a bar
ARROW = 0.45  # of the font, the length of an arrow's head


def draw_plans(planned: Sequence[Plan], style: Style, first: int | None = None) -> Figure:
    """Draw diagrams side by side with matplotlib, or only the `first` boxes of each, in their places.

    If the drawing does not fit the requested size, the figure grows and the letters keep their size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    theme, size, font = find_theme(style.theme), find_size(style.size), planned[0].font
    wanted = measure_all(planned)
    width, height = max(wanted[0], 72 * size.width), max(wanted[1], 72 * size.height)
    with use_settings(theme, size, style.font):
        figure = Figure(figsize=(width / 72, height / 72))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        left, alone = MARGIN * font, len(planned) == 1
        top = (MARGIN + max(plan.head for plan in planned)) * font
        top += (height - wanted[1]) / 2 if alone else 0.0
        for plan in planned:
            middle = (width if alone else 2 * left + plan.wide) / 2
            _write_head(axes, plan, theme, left if alone else middle, align="left" if alone else "center")
            _Drawer(axes, plan, theme, style, (middle - plan.layout.width / 2, top)).draw(first)
            left += plan.wide + GAP * font
    return figure


def _write_head(axes: Axes, plan: Plan, theme: Theme, x: float, *, align: str) -> None:
    """Write the title of a drawing, and below it the layers common to all its boxes."""
    font = plan.font
    axes.text(x, MARGIN * font, plan.title, ha=align, va="top", fontsize=TITLE * font, fontweight="bold")
    above = MARGIN + (1.3 * TITLE if plan.title else 0.0)
    axes.text(x, above * font, plan.note, ha=align, va="top", fontsize=font, color=theme.muted)


class _Drawer:
    """Draws one plan, the upper left corner of its layout at `corner`."""

    def __init__(self, axes: Axes, plan: Plan, theme: Theme, style: Style, corner: tuple[float, float]) -> None:
        self.axes, self.plan, self.theme, self.style = axes, plan, theme, style
        self.left, self.top = corner
        self.shown: dict[int, None] = {}

    def draw(self, first: int | None) -> None:
        self.shown = dict.fromkeys([*self.plan.graph.nodes][:first])
        for ends, points in self.plan.layout.lines.items():
            if self.shown.keys() >= {*ends}:
                self.draw_line([(x + self.left, y + self.top) for x, y in points])
        for key in self.shown:
            self.draw_box(key)

    def draw_line(self, points: Sequence[tuple[float, float]]) -> None:
        from matplotlib.patches import Polygon

        xs, ys = zip(*points, strict=True)
        self.axes.plot(xs, ys, color=self.theme.muted, linewidth=1.1, solid_joinstyle="round", zorder=1)
        (x0, y0), (x1, y1) = points[-2:]
        long = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
        along, half = ARROW * self.plan.font, 0.35 * ARROW * self.plan.font
        dx, dy = (x1 - x0) / long, (y1 - y0) / long
        back = x1 - along * dx, y1 - along * dy
        head = [(x1, y1), (back[0] - half * dy, back[1] + half * dx), (back[0] + half * dy, back[1] - half * dx)]
        self.axes.add_patch(Polygon(head, facecolor=self.theme.muted, linewidth=0, zorder=1))

    def draw_box(self, key: int) -> None:
        from matplotlib.patches import Rectangle

        node, text = self.plan.graph.nodes[key], self.plan.texts[key]
        theme, font = self.theme, self.plan.font
        width, height = measure_box(text, self.style, font)
        left, top = self.find_corner(key, width, height)
        self.write_shape(key, left, top, width, height)
        if node.times > 1 or node.paths > 1:  # a second sheet behind the box
            self.draw_sheet(left + SHEET * font, top - SHEET * font, width, height, theme.background)
        colour = self.style.show == "colour"
        face = _mix(theme.background, theme.hues[0], 0.45 * text.share) if colour else theme.background
        sheet = self.draw_sheet(left, top, width, height, face)
        sheet.set_gid(f"box-{key}")
        sheet.set_linewidth(1.6 if node.module is not None else 1.0)
        sheet.set_linestyle("--" if self.plan.graph.is_shared(key) else "-")
        lines = 1 if text.low and text.figure else len(text.rows)
        bar = FRAME_WITH_BAR - FRAME if self.style.show == "bar" and text.share else 0.0
        y = top + height / 2 - ((lines - 1) * LEADING + bar) / 2 * font
        if text.low and text.figure:
            inner = left + PADDING * font
            name = measure(f"{text.lines[0]}{BESIDE}", font, self.style.font)
            self.write(inner, y, text.lines[0], theme.text, align="left")
            self.write(inner + name, y, text.figure, theme.muted, align="left")
        else:
            for line in text.rows:
                muted = text.figure and line is text.rows[-1]
                self.write(left + width / 2, y, line, theme.muted if muted else theme.text)
                y += LEADING * font
        if self.style.show == "bar" and text.share:
            wide = max((width - 0.8 * font) * text.share, 1)
            at = left + 0.4 * font, top + height - (BAR + 0.15) * font
            self.axes.add_patch(Rectangle(at, wide, BAR * font, facecolor=theme.hues[0], linewidth=0, zorder=3))

    def find_corner(self, key: int, width: float, height: float) -> tuple[float, float]:
        """Return the upper left corner of a box; the rest of its room, behind the box, is for its shape."""
        room, node, rises = self.plan.layout.boxes[key], self.plan.graph.nodes[key], key in self.plan.layout.rising
        x, y = self.left + room.x, self.top + room.y
        if self.plan.across:
            return (x + room.width / 2 - width if rises else x - room.width / 2), y - height / 2
        sheet = SHEET * self.plan.font if node.times > 1 or node.paths > 1 else 0.0
        return x - width / 2, (y + room.height / 2 - height if rises else y - room.height / 2 + sheet)

    def write(self, x: float, y: float, text: str, colour: str, *, zorder: float = 4, align: str = "center") -> None:
        self.axes.text(
            x, y, text, ha=align, va="center", fontsize=self.plan.font, color=colour, zorder=zorder
        )  # fmt: skip

    def write_shape(self, key: int, left: float, top: float, width: float, height: float) -> None:
        """Write the shape of a result onto the line that leaves its box."""
        shape, font = self.plan.texts[key].shape, self.plan.font
        if not shape:
            return
        room, rises = self.plan.layout.boxes[key], key in self.plan.layout.rising
        if self.plan.across:
            start = left if rises else left + width
            end = self.left + room.x + (-room.width if rises else room.width) / 2
            x, y = (start + end) / 2, top + height / 2
            line = [(start, y), (end, y)]
        else:
            start = top if rises else top + height
            end = self.top + (room.top if rises else room.bottom)
            x, y = left + width / 2, (start + end) / 2
            line = [(x, start), (x, end)]
        if not self.shown.keys().isdisjoint(self.plan.graph.readers[key]):
            self.axes.plot(*zip(*line, strict=True), color=self.theme.muted, linewidth=1.1, zorder=1)
        wide, high = measure(shape, font, self.style.font) + 0.2 * font, 1.1 * font
        from matplotlib.patches import Rectangle

        self.axes.add_patch(
            Rectangle(
                (x - wide / 2, y - high / 2), wide, high, facecolor=self.theme.background, linewidth=0, zorder=1.5
            )
        )
        self.write(x, y, shape, self.theme.muted, zorder=2)

    def draw_sheet(self, left: float, top: float, width: float, height: float, face: str) -> FancyBboxPatch:
        from matplotlib.patches import FancyBboxPatch

        sheet = FancyBboxPatch(
            (left, top), width, height, boxstyle=f"round,pad=0,rounding_size={0.35 * self.plan.font}",
            facecolor=face, edgecolor=self.theme.text, linewidth=1.0, zorder=2,
        )  # fmt: skip
        self.axes.add_patch(sheet)
        return sheet


def _mix(one: str, other: str, share: float) -> str:
    channels = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)
