"""The display of results in notebooks, shells and `print`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure


class Displayed:
    """Base class of results that display as HTML in notebooks and as a table in a terminal.

    The renderer belongs to a higher layer, so it is imported when something is displayed.
    """

    __slots__ = ()

    def __str__(self) -> str:
        """Return the table of the command line."""
        return str(_load_renderer().write_text(self))

    def _repr_html_(self) -> str:
        """Show totals, rows, bars and notes in a notebook: Jupyter, VS Code, marimo, Colab."""
        return str(_load_renderer().write_html(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the table in IPython's terminal."""
        del cycle
        printer.text(str(self).rstrip("\n"))


def draw_result(result: Any, kind: str, options: Mapping[str, Any]) -> Figure:
    """Draw a chart of a result by `archcost.plot`, which stands above the records."""
    figure: Figure = import_module("archcost.charts.plot").plot(kind, result, **options)
    return figure


def _load_renderer() -> Any:
    return import_module("archcost.render.notebook")
