"""Measured times: whiskers for their spread, and the line that names device and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.records import MeasuredTime

MS = 1e-3
WHISKER = "_whisker"  # their label, which no legend shows


def draw_whiskers(
    axes: Axes,
    times: Sequence[MeasuredTime | None],
    others: Sequence[float],
    hues: Sequence[str],
    *,
    upright: bool,
    image: bool = False,
) -> None:
    """Draw a line, in milliseconds, from the 10th to the 90th percentile of each time that has percentiles.

    Args:
        axes: the axes to draw on.
        times: measured times, None for a point without one.
        others: the other coordinate of each point.
        hues: the colour of each point.
        upright: whether times go up, rather than across.
        image: whether times are per image rather than per batch.
    """
    draw = axes.vlines if upright else axes.hlines
    for time, other, hue in zip(times, others, hues, strict=True):
        if time is not None and time.low is not None and time.high is not None:
            part = MS * (time.batch if image else 1)
            draw([other], [time.low / part], [time.high / part], colors=hue, linewidth=1.6, label=WHISKER, zorder=2.5)


def cite_times(times: Sequence[MeasuredTime | None], *, batch: int | None = None, what: str = "Time") -> str:
    """Return the line that describes where and how times, or `what` else, were measured, and which are unreliable."""
    known = [time for time in times if time is not None]
    places = list(dict.fromkeys(time.place for time in known if time.place))
    settings = [set(time.setting.split(", ")) for time in known]
    common = (
        [part for part in known[0].setting.split(", ") if part and all(part in each for each in settings)]
        if known
        else []
    )
    texts = [
        f"{what}: measured on {' and '.join(places)}" if places else f"{what}: measured, on a device that is not named"
    ]
    texts += [f"batch {units.number(batch)}"] if batch else []
    texts += [", ".join(common)] if common else []
    counts = [time.n for time in known if time.n is not None]
    if counts:
        texts.append(f"n = {min(counts)}" + (f" to {max(counts)}" if min(counts) < max(counts) else ""))
    if what == "Time" and any(time.low is not None for time in known):
        texts.append("whiskers from the 10th to the 90th percentile")
    if any(time.doubtful for time in known):
        reasons = dict.fromkeys(text.partition(":")[0] for time in known for text in time.unmet)
        texts.append(f"hollow where a condition was unmet ({', '.join(reasons) or 'a single sample'})")
    return "; ".join(texts)
