"""A figure that notebooks display even if pyplot was not imported."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from archcost.charts.theme import find_size, find_theme, use_settings


class ChartFigure(Figure):
    """A chart. A user's matplotlib settings change neither its file nor its display."""

    def savefig(self, *args: Any, **options: Any) -> None:
        """Write the chart; see `matplotlib.figure.Figure.savefig`."""
        with use_settings(find_theme("light"), find_size("16:9")):  # colours and sizes are already set on the figure
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        """Return the PNG for notebooks without matplotlib's inline backend, which shows figures itself."""
        from archcost.charts.encoding import encode_figure

        return encode_figure(self, "png")
