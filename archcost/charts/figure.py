"""A figure that a notebook shows, whether or not pyplot was imported there."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from archcost.charts.theme import find_size, find_theme, use_settings


class ChartFigure(Figure):
    """A chart. A user's settings of matplotlib change neither how it is written nor how it is shown."""

    def savefig(self, *args: Any, **options: Any) -> None:
        """Write the chart; see `matplotlib.figure.Figure.savefig`."""
        with use_settings(find_theme("light"), find_size("16:9")):  # colours and sizes are the figure's own by now
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        """Show the chart in a notebook; its inline backend, where it is on, does so by itself."""
        from archcost.charts.encoding import encode_figure

        return encode_figure(self, "png")
