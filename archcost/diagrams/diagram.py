"""draw_networks(reports): networks as diagrams, folded so that they can be read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from archcost.charts.theme import check_font, find_size
from archcost.diagrams.columns import split_columns
from archcost.diagrams.drawing import draw_plans
from archcost.diagrams.folding import Level, simplify
from archcost.diagrams.graph import check_module
from archcost.diagrams.plan import COSTS, DIRECTIONS, SHOWN, Style, fit, plan_all
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from archcost.diagrams.graph import Graph
    from archcost.diagrams.plan import Plan
    from archcost.records import Report

MOST = 120  # the most boxes that a reader can follow; a depth with more is not tried
DEFAULT = Style()


class Diagram(NamedTuple):
    """A diagram, its module levels (None: all), whether it fits the requested size, and the number of its boxes."""

    figure: Figure
    depth: int | None
    fits: bool
    boxes: int


def draw_network(
    report: Report,
    *,
    depth: int | None = None,
    module: str = "",
    apart: bool = False,
    columns: int = 1,
    first: int | None = None,
    style: Style = DEFAULT,
) -> Diagram:
    """Draw a network, or one of its modules; see `draw_networks`."""
    return draw_networks([(report, module)], depth=depth, apart=apart, columns=columns, first=first, style=style)


def draw_networks(
    parts: Sequence[tuple[Report, str]],
    *,
    depth: int | None = None,
    apart: bool = False,
    columns: int = 1,
    first: int | None = None,
    style: Style = DEFAULT,
) -> Diagram:
    """Draw networks, or modules of them, side by side.

    Args:
        parts: the report of each network, and the path of the module to draw; "" for the whole network.
        depth: the number of module levels to show, with deeper modules folded into boxes; 0 shows every layer; None
            shows as many levels as fit the size.
        apart: normalisations and activations get boxes of their own.
        columns: convolutions with this number of groups become columns side by side, and every layer is shown.
        first: draw only this many boxes of each network, in the order of execution and in their places.
        style: the contents and the look of the boxes.

    Raises:
        ArgumentError: an unknown cost, theme, size, font or module, or a depth below zero.
    """
    _check_style(style)
    for report, module in parts:
        check_module(report, module)
    if depth is not None and depth < 0:
        raise ArgumentError(f"a depth is 0 for every layer, or 1 and more levels of modules, not {depth}")
    search = _Search(parts, depth if columns == 1 else 0, apart=apart, columns=columns, style=style)
    search.fold_until_all_fit()
    search.unfold_what_fits()
    planned = search.plan()
    boxes = max(len(plan.graph.nodes) for plan in planned)
    return Diagram(draw_plans(planned, style, first), search.level(0).depth, search.fits(planned), boxes)


class _Search:
    """The search for the finest drawing that fits; `at` is the number of each network's level."""

    def __init__(
        self, parts: Sequence[tuple[Report, str]], depth: int | None, *, apart: bool, columns: int, style: Style
    ) -> None:
        self.parts, self.style, self.apart, self.columns = parts, style, apart, columns
        given = [Level(depth or None, repeats=bool(depth))]
        self.levels = [_list_levels(*part) if depth is None else given for part in parts]
        self.at = [0] * len(parts)
        self.simplify = cache(self._simplify)

    def level(self, n: int) -> Level:
        return self.levels[n][self.at[n]]

    def _simplify(self, n: int, at: int) -> Graph:
        report, module = self.parts[n]
        graph = simplify(report, self.levels[n][at], apart=self.apart, below=module)
        return graph if self.columns == 1 else split_columns(graph, self.columns)

    def plan(self) -> list[Plan]:
        graphs = [self.simplify(n, at) for n, at in enumerate(self.at)]
        named = zip(map(_write_title, self.parts), graphs, (report for report, _ in self.parts), strict=True)
        return plan_all(list(named), self.style)

    def fits(self, planned: list[Plan]) -> bool:
        return fit(planned, find_size(self.style.size))

    def all_fit(self) -> bool:
        few = sum(len(self.simplify(n, at).nodes) for n, at in enumerate(self.at)) <= MOST
        return few and self.fits(self.plan())

    def fold_until_all_fit(self) -> None:
        """Fold the network with the most boxes, again and again."""
        while not self.all_fit():
            coarser = [n for n, at in enumerate(self.at) if at + 1 < len(self.levels[n])]
            if not coarser:
                break
            self.at[max(coarser, key=lambda n: len(self.simplify(n, self.at[n]).nodes))] += 1

    def unfold_what_fits(self) -> None:
        """Unfold each of several networks as far as the others leave room."""
        for n, at in enumerate(self.at if len(self.at) > 1 else ()):
            for finer in range(at):
                self.at[n] = finer
                if self.all_fit():
                    break
                self.at[n] = at


def _list_levels(report: Report, module: str) -> list[Level]:
    """Return the levels of folding, from none up to all but one level of modules."""
    depths = range(_find_deepest(report, module), 0, -1)
    folded = [Level(depth, stages=stages) for depth in depths for stages in (True, False)]
    return [Level(None, repeats=False), Level(None), *folded]


def _find_deepest(report: Report, module: str) -> int:
    start = f"{module}." if module else ""
    inside = [path for path in report.modules if path.startswith(start) and path != module]
    return max((path.removeprefix(start).count(".") + 1 for path in inside), default=1)


def _write_title(part: tuple[Report, str]) -> str:
    report, module = part
    return f"{report.network.name}: {module}" if module else report.network.name


def _check_style(style: Style) -> None:
    known = {
        "cost": (style.cost, COSTS),
        "way to show a cost": (style.show, SHOWN),
        "direction": (style.direction, DIRECTIONS),
    }
    for what, (value, allowed) in known.items():
        if value not in allowed:
            raise ArgumentError(f"there is no {what} {value!r}; there are {', '.join(allowed)}")
    if style.font is not None:
        check_font(style.font)
