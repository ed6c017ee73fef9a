"""Survey published networks: how well costs order their times, and how accurate they are at equal cost."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

from archcost import units
from archcost.clock.datasheet import peaks_of
from archcost.comparison.published import (
    build_row,
    describe_published,
    find_device,
    list_libraries,
    read_conditions,
    select_published,
)
from archcost.errors import ArgumentError, NoDeviceError, closest
from archcost.records.published import Group, Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.comparison.choosing import Choice
    from archcost.records.published import Published

GROUPINGS = {"time": ("device", "family"), "accuracy": ("pretraining", "family", "library", "year")}
COSTS = ("macs", "macts", "bytes", "bound")
BUDGETS = tuple(10**9 * size for size in (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256))
SHOWN = 4  # names of architectures without a year
FEWEST = 15  # networks of a family: a rank correlation of fewer says little
CLOSE = 2.0  # a factor between multiply-adds
HALF, WHOLE = "amp float16", "float32"
HALVED = 0.5  # of the bytes of float32, with float16


def survey(
    subject: str, specs: Sequence[str], *, by: str | None = None, device: str | None = None, choice: Choice
) -> Survey:
    """Survey published networks.

    Args:
        subject: "time" or "accuracy".
        specs: what `select_published` takes.
        by: one of `GROUPINGS`, None for the first.
        device: where networks were timed; None for every device, side by side.
        choice: which networks are kept.

    Raises:
        ArgumentError: another grouping, a device without throughputs, networks of other sources, a choice that no
            network meets.
    """
    allowed = GROUPINGS[subject]
    by = by or allowed[0]
    if by not in allowed:
        hint = closest(by, allowed, f"{subject} is surveyed by {' or '.join(allowed)}")
        raise ArgumentError(f"--by {by}: {hint}")
    if device is not None:
        device = find_device(device)
    chosen, others = select_published(specs)
    if others:
        raise ArgumentError(f"{others[0]}: a survey takes published networks: 'timm:*', 'torchvision:resnet*'")
    kept = {row.spec for row in choice.choose([build_row(each, choice.device) for each in chosen])}
    networks = [each for each in chosen if each.spec in kept]
    if not networks:
        raise ArgumentError(f"no published network meets the choice: {', '.join(specs)}")
    if by == "year" and all(each.year is None for each in networks):
        raise ArgumentError(f"no paper is known for the architectures of {', '.join(specs)}; leave out --by year")
    if subject == "accuracy":
        groups = _survey_years(networks) if by == "year" else _survey_accuracy(networks, operator.attrgetter(by))
    elif by == "device":
        names = read_conditions() if device is None else (device,)
        groups = [_measure(name, networks, name) for name in names]
    elif device is None:
        raise ArgumentError(f"--by family takes --device-name: {', '.join(read_conditions())}")
    else:
        groups = _survey_families(networks, device)
    libraries = list_libraries(each.library for each in networks)
    return Survey(
        subject="time" if subject == "time" else "accuracy",
        by=by,
        device=device or "",
        groups=tuple(group for group in groups if group.networks),
        notes=(*describe_published(device, libraries), *(_count_undated(networks) if by == "year" else ())),
    )


def _survey_families(networks: Sequence[Published], device: str) -> list[Group]:
    """Return the families with enough networks, the fastest for their multiply-adds first, and all together."""
    families = sorted({each.family for each in networks})
    measured = [_measure(name, [each for each in networks if each.family == name], device) for name in families]
    large = [group for group in measured if group.networks >= FEWEST]
    large.sort(key=lambda group: -(group.figures["rate"] or 0))
    return [*large, _measure("all", networks, device)]


def _measure(name: str, networks: Sequence[Published], device: str) -> Group:
    """Return how well each cost orders the times on a device: of each architecture and size once, whatever its weights.

    `wrong` is the share of pairs, in per cent, of which the network with fewer multiply-adds takes longer, `close` the
    same of pairs that differ by a factor of two at most; `rate` is the median of multiply-adds a second, `batch` of the
    images at a time.
    """
    import statistics

    timed_by_input = {(each.architecture, each.size): each for each in networks if device in each.samples}
    timed = list(timed_by_input.values())
    times = [1 / each.samples[device].per_second for each in timed]
    figures: dict[str, float | None] = dict.fromkeys((*COSTS, "wrong", "close", "rate", "batch"))
    if len(times) > 1:
        values = {cost: [_READ[cost](each, device) for each in timed] for cost in COSTS}
        for cost, found in values.items():
            known = [value for value in found if value is not None]
            figures[cost] = correlate_ranks(known, times) if len(known) == len(times) else None
        macs = [float(each.totals.macs) for each in timed]
        figures["wrong"] = 100 * count_swapped(macs, times)
        figures["close"] = 100 * count_swapped(macs, times, within=CLOSE)
        figures["batch"] = statistics.median(each.samples[device].batch for each in timed)
        figures["rate"] = statistics.median(value / time for value, time in zip(macs, times, strict=True))
    return Group(name=name, networks=len(times), figures=figures)


def read_bytes(network: Published, device: str) -> float:
    """Return the bytes that an image moves, as float32: those of parameters are shared by the images of a batch."""
    totals, batch = network.totals, network.samples[device].batch
    return max(totals.read_bytes - totals.param_bytes * (1 - 1 / batch), 0) + totals.written_bytes


def compute_bound(network: Published, device: str) -> float | None:
    """Return the larger of the two times that a device's datasheet allows an image; None if it states neither."""
    conditions = read_conditions()[device]
    try:
        peaks = peaks_of(conditions.title)
    except NoDeviceError:
        return None
    flops = peaks.flops_per_second.get("float16" if conditions.precision == HALF else WHOLE)
    if flops is None:
        return None
    moved = read_bytes(network, device) * (HALVED if conditions.precision == HALF else 1)
    return max(2 * network.totals.macs / flops, moved / peaks.bytes_per_second)


_READ: dict[str, Callable[[Published, str], float | None]] = {
    "macs": lambda network, _: network.totals.macs,
    "macts": lambda network, _: network.totals.macts,
    "bytes": read_bytes,
    "bound": compute_bound,
}


def correlate_ranks(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation, equal values sharing their ranks; None if all are equal.

    Example:
        >>> correlate_ranks([1, 2, 3, 4], [10, 20, 40, 30])
        0.8
    """
    import numpy as np

    first, second = (np.array(_rank(values)) - (len(values) + 1) / 2 for values in (one, other))
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / spread if spread else None


def _rank(values: Sequence[float]) -> list[float]:
    import numpy as np

    ordered = np.sort(np.array(values, float))
    return ((np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right") + 1) / 2).tolist()  # type: ignore[no-any-return]


def count_swapped(one: Sequence[float], other: Sequence[float], within: float = math.inf) -> float:
    """Return the share of pairs that two quantities order differently, of those that both order.

    Pairs of which the one quantity differs by more than a factor of `within` are left out. Kendall's rank correlation
    without equal values is 1 - 2 x the share of all.

    Example:
        >>> count_swapped([1, 2, 3, 4], [10, 20, 40, 30])  # one of six pairs
        0.16666666666666666
    """
    import numpy as np

    first, second = (np.sign(np.subtract.outer(values, values)) for values in (np.array(one), np.array(other)))
    ratios = np.divide.outer(np.array(one), np.array(one))
    product = first * second * ((ratios <= within) & (ratios >= 1 / within))
    ordered = int((product != 0).sum())
    return int((product < 0).sum()) / ordered if ordered else 0.0


def _count_undated(networks: Sequence[Published]) -> tuple[str, ...]:
    undated = [each for each in networks if each.year is None]
    names = sorted({each.architecture for each in undated})
    if not names:
        return ()
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (
        f"{len(undated)} of {units.exact(len(networks))} sets of weights are left out, because no paper is known for "
        f"their architecture: {', '.join(names[:SHOWN])}{rest}.",
    )


def _survey_accuracy(networks: Sequence[Published], group: Callable[[Published], str]) -> list[Group]:
    """Return the best top-1 accuracy of each group within each budget of multiply-adds, the largest group first."""
    names = sorted({group(each) for each in networks})
    found = [_find_best(name, [each for each in networks if group(each) == name]) for name in names]
    return sorted(found, key=lambda each: (-each.networks, each.name))


def _find_best(name: str, members: Sequence[Published]) -> Group:
    figures = {
        f"{budget:g}": max((each.top1 for each in members if each.totals.macs <= budget), default=None)
        for budget in BUDGETS
    }
    return Group(name=name, networks=len(members), figures=figures)


def _survey_years(networks: Sequence[Published]) -> list[Group]:
    """Return the best top-1 accuracy within each budget of the architectures published by the end of each year."""
    dated = [(each.year, each) for each in networks if each.year is not None]
    years = {year for year, _ in dated}
    return [
        _find_best(str(last), [each for year, each in dated if year <= last])
        for last in range(min(years, default=0), max(years, default=-1) + 1)
    ]


def check_subject(subject: str) -> None:
    """Check that a subject can be surveyed.

    Raises:
        ArgumentError: it cannot.
    """
    if subject not in GROUPINGS:
        hint = closest(subject, GROUPINGS, f"there are {' and '.join(GROUPINGS)}")
        raise ArgumentError(f"{subject!r} cannot be surveyed; {hint}")
