"""draw(kind, data) -> Figure, and a figure's bytes, the same from run to run."""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, Any

from archcost.charts.canvas import Canvas, Words
from archcost.charts.kinds import find_kind
from archcost.charts.theme import find_size, find_theme, use_settings
from archcost.errors import ArgumentError
from archcost.page.names import clean_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# what would differ from day to day or from version to version is left out
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def draw(kind: str, data: Any, **look: Any) -> Figure:
    """Draw a chart; `draw_chart` without the names that found no room."""
    return draw_chart(kind, data, **look)[0]


def draw_chart(
    kind: str,
    data: Any,
    *,
    theme: str = "light",
    size: str = "16:9",
    font: str | None = None,
    words: Words | None = None,
    **options: Any,
) -> tuple[Figure, tuple[str, ...]]:
    """Draw a chart; return it, and the names that found no room in it.

    Args:
        kind: a name of `KINDS`.
        data: what that kind is drawn from: `KINDS[kind].data`.
        theme: "light" or "dark".
        size: "16:9", "4:3", "slide" or "paper".
        font: of the letters: "20" (points), "Arial", "Arial 20".
        words: a user's headline and line below it, and the networks to look at.
        options: what the kind's own function takes besides, `labels` of a ball chart for example.

    Raises:
        ArgumentError: an unknown kind, theme, size or font, or data that no such chart can be drawn from.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from archcost.charts.figure import ChartFigure

    chosen, look, shape = find_kind(kind), find_theme(theme), find_size(size, font)
    file = importlib.import_module(f"archcost.charts.{chosen.file}")
    with use_settings(look, shape):
        figure = ChartFigure(layout="constrained")
        FigureCanvasAgg(figure)  # measures letters
        canvas = Canvas(figure, look, shape, words or Words())
        file.draw(canvas, data, **chosen.fixed, **options)
    return figure, tuple(canvas.unplaced)


def encode_figure(figure: Figure, format_: str) -> bytes:
    """Return a figure as "svg", "pdf" or "png"; the same bytes each time.

    Raises:
        ArgumentError: another format.
    """
    if format_ not in METADATA:
        raise ArgumentError(f"a chart is written as {', '.join(METADATA)}, not {format_!r}")
    target = io.BytesIO()
    with use_settings(find_theme("light"), find_size("16:9")):  # colours and sizes are the figure's own by now
        _clean_texts(figure)
        title = figure.get_suptitle()
        metadata = METADATA[format_] | ({"Title": title} if title else {})
        figure.savefig(target, format=format_, metadata=metadata, dpi="figure")
    return target.getvalue()


def _clean_texts(figure: Figure) -> None:
    """Write what does not print in the names of networks and in the subjects of commits, which others choose."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, FixedFormatter):  # it writes the labels anew whenever they are drawn
                formatter.seq = [clean_lines(text) for text in formatter.seq]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)  # noqa: S101 - that is what was looked for
        if not text.get_text().isprintable() or "::" in text.get_text():
            text.set_text(clean_lines(text.get_text()))


def write_svg(figure: Figure) -> str:
    """Return a figure as one `<svg>` element: for a file of its own as well as inside a page."""
    text = encode_figure(figure, "svg").decode()
    return text[text.index("<svg") :]
