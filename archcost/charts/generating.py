"""The cost of generating text: a token against the context, and memory by kind against the batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.canvas import Canvas
from archcost.charts.families import SHAPES
from archcost.charts.theme import find_size, find_theme, use_settings
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from archcost.records import Generation

GIGA = 1e9


def draw_generation(found: Generation, *, theme: str = "light", size: str = "16:9") -> Figure:
    """Draw the panels that have figures, side by side.

    Raises:
        ArgumentError: there are neither two contexts nor two batch sizes, or the theme or size is unknown.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [
        *([_draw_contexts] if len(found.contexts) > 1 else []),
        *([_draw_batches] if found.room is not None and len(found.room.batches) > 1 else []),
    ]
    if not panels:
        raise ArgumentError("a chart needs several contexts (--context 8192,32768) or a memory (--memory 80GB)")
    look, shape = find_theme(theme), find_size(size)
    with use_settings(look, shape):
        figure = Figure(layout="constrained", figsize=(shape.width, shape.height))
        FigureCanvasAgg(figure)
        canvas = Canvas(figure, look, shape)
        for place, draw in enumerate(panels, 1):
            axes = canvas.add_axes(1, len(panels), place)
            draw(canvas, axes, found)
            axes.margins(x=0.03)
            axes.legend(loc="upper left")
        canvas.write_title(
            "What generating text costs",
            f"{found.network}: walks with its own cache, in exact bytes of the tensors; attention is counted dense",
            wide=True,
        )
    return figure


def _draw_contexts(canvas: Canvas, axes: Axes, found: Generation) -> None:
    """Draw the cost of one step after each context: multiply-adds, and bytes to read."""
    xs = [context.tokens for context in found.contexts]
    lines = {
        "multiply-adds (G)": [context.decode.macs / GIGA for context in found.contexts],
        "bytes to read (GB)": [context.decode.read_bytes / GIGA for context in found.contexts],
        "of them cache (GB)": [context.cache_bytes / GIGA for context in found.contexts],
    }
    for i, (label, ys) in enumerate(lines.items()):
        axes.plot(xs, ys, color=canvas.find_hue(i), marker=SHAPES[i], linewidth=2, label=label)
    axes.set(xlabel="tokens of the context", ylabel=f"one decode step, batch {units.exact(found.batch)}")
    axes.set_ylim(bottom=0, top=1.3 * max(map(max, lines.values())))


def _draw_batches(canvas: Canvas, axes: Axes, found: Generation) -> None:
    """Draw the memory at each walked batch size, its kinds stacked."""
    from matplotlib.ticker import MaxNLocator

    room = found.room
    assert room is not None  # noqa: S101 - or the panel would not be drawn
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    batches = [each for each in room.batches if each.batch <= (room.largest_batch or 0) + 1]
    fixed = found.weight_bytes + found.buffer_bytes
    kinds = {
        "weights and buffers": [fixed / GIGA for _ in batches],
        "cache": [each.cache_bytes / GIGA for each in batches],
        "activations": [(each.needed_bytes - fixed - each.cache_bytes) / GIGA for each in batches],
    }
    hues = [canvas.find_hue(i) for i in range(len(kinds))]
    axes.stackplot([each.batch for each in batches], *kinds.values(), labels=list(kinds), colors=hues)
    memory = room.memory_bytes / GIGA
    axes.axhline(memory, color=canvas.theme.muted, linestyle="--", label=f"{units.short(room.memory_bytes, 'B')}")
    tokens = units.exact(found.contexts[-1].tokens)
    axes.set(xlabel=f"sequences of {tokens} tokens, read at once", ylabel="memory needed (GB)")
    axes.set_ylim(bottom=0, top=1.5 * max(memory, batches[-1].needed_bytes / GIGA))
