"""The display of results in notebooks, shells and `print`, and their charts.

Results are plain data at the bottom of archcost, and what draws them is above. So the package, which is above both,
registers the functions that draw; each is imported when something is first displayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.figure import Figure

Drawing = Literal["text", "html", "figure"]
_loaders: dict[Drawing, Callable[[], Callable[..., Any]]] = {}


def register(drawing: Drawing, load: Callable[[], Callable[..., Any]]) -> None:
    """Register how to load the function that draws results as text, as HTML or as a figure."""
    _loaders[drawing] = load


class Displayed:
    """Base class of results that display as HTML in notebooks and as a table in a terminal."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the table of the command line."""
        return str(_loaders["text"]()(self))

    def _repr_html_(self) -> str:
        """Show totals, rows, bars and notes in a notebook: Jupyter, VS Code, marimo, Colab."""
        return str(_loaders["html"]()(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the table in IPython's terminal."""
        del cycle
        printer.text(str(self).rstrip("\n"))


def draw_result(result: Any, kind: str, options: Mapping[str, Any]) -> Figure:
    """Draw a chart of a result, as `archcost.plot` does."""
    figure: Figure = _loaders["figure"]()(kind, result, **options)
    return figure
