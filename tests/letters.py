"""Find the visible texts of a figure: matplotlib also creates tick labels outside of the view, and hides them."""

from matplotlib.text import Text
from matplotlib.transforms import Bbox


def find_shown(figure):
    """Return every drawn text, with its box in pixels and its size in points."""
    texts, renderer = _list_texts(figure)
    return [(text.get_text(), Text.get_window_extent(text, renderer), text.get_fontsize()) for text in texts]


def find_lines(figure):
    """Return the drawn texts line by line, since a short line leaves room beside it."""
    texts, renderer = _list_texts(figure)
    return [(line, box, text.get_fontsize()) for text in texts for line, box in _split_lines(text, renderer)]


def _list_texts(figure):
    figure.draw_without_rendering()
    hidden = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _out_of_view(axis)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in texts if id(text) not in hidden], figure.canvas.get_renderer()


def _split_lines(text, renderer):
    """Yield the lines of a text with their boxes; a rotated text stays whole."""
    whole = Text.get_window_extent(text, renderer)
    lines = text.get_text().split("\n")
    if len(lines) == 1 or text.get_rotation():
        yield text.get_text(), whole
        return
    height = whole.height / len(lines)
    for place, line in enumerate(lines):
        width, _, _ = renderer.get_text_width_height_descent(line, text.get_fontproperties(), ismath=False)
        left = {"left": whole.x0, "right": whole.x1 - width}.get(text.get_ha(), whole.x0 + (whole.width - width) / 2)
        yield line, Bbox.from_bounds(left, whole.y1 - (place + 1) * height, width, height)


def _out_of_view(axis):
    low, high = sorted(axis.get_view_interval())
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if not axis.axes.axison or not low - 1e-9 <= tick.get_loc() <= high * (1 + 1e-9) + 1e-9:
            yield from (tick.label1, tick.label2)


def find_overlaps(texts):
    """Return the pairs of texts that overlap by more than a pixel."""
    return [
        (one, other)
        for i, (one, a, _) in enumerate(texts)
        for other, b, _ in texts[i + 1 :]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]
