"""Which texts a figure shows, and where: matplotlib makes labels of ticks outside of the view, too, and hides them."""

from matplotlib.text import Text


def find_shown(figure):
    """Return every text that is drawn, with its place in pixels and its size in points."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    hidden = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _out_of_view(axis)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [
        (text.get_text(), Text.get_window_extent(text, renderer), text.get_fontsize())
        for text in texts
        if id(text) not in hidden
    ]


def _out_of_view(axis):
    low, high = sorted(axis.get_view_interval())
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if not axis.axes.axison or not low - 1e-9 <= tick.get_loc() <= high * (1 + 1e-9) + 1e-9:
            yield from (tick.label1, tick.label2)


def find_overlaps(texts):
    """Return the pairs of texts that share more than a pixel."""
    return [
        (one, other)
        for i, (one, a, _) in enumerate(texts)
        for other, b, _ in texts[i + 1 :]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]
