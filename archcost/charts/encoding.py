"""A figure's bytes, the same from run to run."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

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
