"""draw_networks(reports): networks as diagrams, folded so that they can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcost.charts.theme import check_font, find_size
from archcost.diagrams.drawing import draw_plans
from archcost.diagrams.folding import Level, simplify
from archcost.diagrams.plan import COSTS, DIRECTIONS, SHOWN, Style, fit, plan_all
from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from archcost.diagrams.graph import Graph
    from archcost.diagrams.plan import Plan
    from archcost.records import Report

MOST = 120  # boxes that anybody can follow: with more, no depth is tried
DEFAULT = Style()


class Diagram(NamedTuple):
    """A diagram, the levels of modules that it shows (None: all), and whether it fits the size that was asked for."""

    figure: Figure
    depth: int | None
    fits: bool


def draw_network(
    report: Report, *, depth: int | None = None, module: str = "", apart: bool = False, style: Style = DEFAULT
) -> Diagram:
    """Draw a network, or one of its modules; see `draw_networks`."""
    return draw_networks([(report, module)], depth=depth, apart=apart, style=style)


def draw_networks(
    parts: Sequence[tuple[Report, str]], *, depth: int | None = None, apart: bool = False, style: Style = DEFAULT
) -> Diagram:
    """Draw networks, or modules of them, side by side.

    Args:
        parts: the report of each network, and the path of the module whose inside is drawn; "": the whole.
        depth: levels of modules that are shown, each deeper one folded into a box; 0 shows every layer; None: as many
            as fit the size.
        apart: normalisations and activations get boxes of their own.
        style: what the boxes show, and how they look.

    Raises:
        ArgumentError: an unknown cost, theme, size, font or module, or a depth below zero.
    """
    _check_style(style)
    for report, module in parts:
        if module not in report.modules:
            hint = closest(module, report.modules, "")
            raise ArgumentError(f"{report.network.spec} has no module {module!r}; {hint}")
    if depth is not None and depth < 0:
        raise ArgumentError(f"a depth is 0 for every layer, or 1 and more levels of modules, not {depth}")
    levels = [_list_levels(report, module) if depth is None else [Level(depth or None, repeats=depth > 0)]
              for report, module in parts]  # fmt: skip
    planned = _fold_until_it_fits(parts, levels, apart=apart, style=style)
    return Diagram(draw_plans(planned, style), levels[0][0].depth, fit(planned, find_size(style.size)))


def _fold_until_it_fits(
    parts: Sequence[tuple[Report, str]], levels: list[list[Level]], *, apart: bool, style: Style
) -> list[Plan]:
    """Plan the drawings at the first levels that fit; what is too fine is removed from `levels`.

    Of several networks the one with the most boxes folds first.
    """
    size = find_size(style.size)

    def simplify_one(n: int) -> Graph:
        report, module = parts[n]
        return simplify(report, levels[n][0], apart=apart, below=module)

    graphs = [simplify_one(n) for n in range(len(parts))]
    while True:
        boxes = [len(graph.nodes) for graph in graphs]
        coarser = [n for n, each in enumerate(levels) if len(each) > 1]
        if sum(boxes) <= MOST or not coarser:
            named = [(_write_title(*part), graph, part[0]) for part, graph in zip(parts, graphs, strict=True)]
            planned = plan_all(named, style)
            if not coarser or fit(planned, size):
                return planned
        largest = max(coarser, key=lambda n: boxes[n])
        del levels[largest][0]
        graphs[largest] = simplify_one(largest)


def _list_levels(report: Report, module: str) -> list[Level]:
    """Return what may be folded, from nothing up to all but one level of modules."""
    depths = range(_find_deepest(report, module), 0, -1)
    folded = [Level(depth, stages=stages) for depth in depths for stages in (True, False)]
    return [Level(None, repeats=False), Level(None), *folded]


def _find_deepest(report: Report, module: str) -> int:
    start = f"{module}." if module else ""
    inside = [path for path in report.modules if path.startswith(start) and path != module]
    return max((path.removeprefix(start).count(".") + 1 for path in inside), default=1)


def _write_title(report: Report, module: str) -> str:
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
