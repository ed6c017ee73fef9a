"""draw_network(report): a network as a diagram, folded so that it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcost.charts.theme import find_size
from archcost.diagrams.drawing import COSTS, SHOWN, Style, draw_diagram, fits, plan
from archcost.diagrams.graph import simplify
from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from archcost.records import Report

MOST = 80  # boxes that anybody can follow: with more, no depth is tried
DEFAULT = Style()


class Diagram(NamedTuple):
    """A diagram, the levels of modules that it shows (None: all), and whether it fits the size that was asked for."""

    figure: Figure
    depth: int | None
    fits: bool


def draw_network(
    report: Report, *, depth: int | None = None, module: str = "", apart: bool = False, style: Style = DEFAULT
) -> Diagram:
    """Draw a network, or one of its modules.

    Args:
        report: of the network.
        depth: levels of modules that are shown, each deeper one folded into a box; 0 shows every layer; None: as many
            as fit the size.
        module: the path of a module: its inside is drawn.
        apart: normalisations and activations get boxes of their own.
        style: what the boxes show, and how they look.

    Raises:
        ArgumentError: an unknown cost, theme, size or module, or a depth below zero.
    """
    _check("cost", style.cost, COSTS)
    _check("way to show a cost", style.show, SHOWN)
    if module not in report.modules:
        raise ArgumentError(f"{report.network.spec} has no module {module!r}; {closest(module, report.modules, '')}")
    if depth is not None and depth < 0:
        raise ArgumentError(f"a depth is 0 for every layer, or 1 and more levels of modules, not {depth}")
    size, title = find_size(style.size), _write_title(report, module)
    for level in [depth or None] if depth is not None else _yield_depths(report, module):
        graph = simplify(report, level, apart=apart, below=module)
        if depth is None and len(graph.nodes) > MOST and level != 1:
            continue
        planned = plan(graph, report, style)
        if fits(planned, size) or level == 1 or depth is not None:
            break
    return Diagram(draw_diagram(graph, report, style, title, planned), level, fits(planned, size))


def _yield_depths(report: Report, module: str) -> Iterator[int | None]:
    """Yield depths from every layer up to one level of modules."""
    yield None
    start = f"{module}." if module else ""
    inside = [path for path in report.modules if path.startswith(start) and path != module]
    deepest = max((path.removeprefix(start).count(".") + 1 for path in inside), default=1)
    yield from range(deepest, 0, -1)


def _write_title(report: Report, module: str) -> str:
    return f"{report.network.name}: {module}" if module else report.network.name


def _check(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ArgumentError(f"there is no {what} {value!r}; there are {', '.join(known)}")
