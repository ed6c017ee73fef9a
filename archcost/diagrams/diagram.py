"""draw_networks(reports): networks as diagrams, folded so that they can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcost.charts.theme import check_font, find_size
from archcost.diagrams.drawing import draw_plans
from archcost.diagrams.folding import simplify
from archcost.diagrams.plan import COSTS, DIRECTIONS, SHOWN, Style, fit, plan_all
from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure

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
    size = find_size(style.size)
    levels = list(_yield_levels(parts)) if depth is None else [(depth or None, depth > 0)]
    for level, repeats in levels:
        graphs = [
            (_write_title(report, module), simplify(report, level, apart=apart, below=module, repeats=repeats), report)
            for report, module in parts
        ]
        if sum(len(graph.nodes) for _, graph, _ in graphs) > MOST and (level, repeats) != levels[-1]:
            continue
        planned = plan_all(graphs, style)
        if fit(planned, size):
            break
    return Diagram(draw_plans(planned, style), level, fit(planned, size))


def _yield_levels(parts: Sequence[tuple[Report, str]]) -> Iterator[tuple[int | None, bool]]:
    """Yield depths, from every layer up to one level of modules, and whether boxes that repeat are one."""
    yield None, False
    yield None, True
    deepest = max(_find_deepest(report, module) for report, module in parts)
    yield from ((depth, True) for depth in range(deepest, 0, -1))


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
