"""Readable axes: 0.1, 1, 10 rather than powers, and limits that do not cut marks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axis import Axis

FEW_DECADES = 2.5  # below, powers of ten alone give too few ticks


def make_logarithmic(axis: Axis, values: Sequence[float], room: float = 1.6) -> None:
    """Make an axis logarithmic with ticks as plain numbers; `room` is the factor left free on either side."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = min(values) / room, max(values) * room
    name = "x" if axis is axis.axes.xaxis else "y"
    axis.axes.set(**{f"{name}scale": "log", f"{name}lim": (low, high)})
    few = math.log10(high / low) < FEW_DECADES
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: units.number(value)))
    axis.set_minor_formatter(NullFormatter())
