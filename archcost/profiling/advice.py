"""Advice for a user whose network failed: the inputs that it takes, and whether memory ran out."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import WalkError, first_line, spell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.profiling.feed import Feed
    from archcost.records import Trace
    from archcost.sources import InputSpec, Network

LAST = 3  # rows that an error shows
# messages of the CPU allocator on each system, of the GPU allocator, and of libraries without room for a workspace
SHORT_OF_MEMORY = (
    "not enough memory", "can't allocate memory", "cannot allocate memory", "out of memory",
    "cudnn_status_alloc_failed", "cublas_status_alloc_failed", "unable to find an engine",
)  # fmt: skip
INPUT_OPTION = "--input 3x224x224 or --input 128:int64"


def ran_out(error: BaseException | None) -> bool:
    """Whether an error, or one of its causes, reports that memory ran out."""
    while error is not None:
        text = spell(error).lower()
        if isinstance(error, MemoryError) or any(sign in text for sign in SHORT_OF_MEMORY):
            return True
        error = error.__cause__
    return False


def give_memory_back() -> None:
    """Free the memory that only reference cycles or torch's GPU cache still hold."""
    from archcost.clock.kinds import KINDS

    gc.collect()
    for kind in KINDS.values():
        kind.give_back()


def add_advice(error: Exception, network: Network, feed: Feed) -> Exception:
    """Return the error with the last rows that ran and, if known, the inputs that fit."""
    if not isinstance(error, WalkError):
        return error
    advised = _advise(error, network, feed)
    rows = _last_rows(error.trace)
    if rows:
        advised = WalkError(f"{advised}\n{rows}")
    advised.trace = error.trace
    return advised


def say_failure(error: WalkError) -> str:
    """Return the description of the failure without the advice."""
    return first_line(error)


def _last_rows(trace: Trace | None) -> str:
    """Return the text of the last rows that ran, with their shapes."""
    from archcost.account import account
    from archcost.profiling.formulas import find_registered_formulas

    try:
        layers = () if trace is None else account(trace, find_registered_formulas(trace.ops)).layers
    except Exception:  # noqa: BLE001 - the network's own failure matters more
        layers = ()
    rows = [row for row in layers if row.outputs and not row.is_input]
    if not rows:
        return ""
    lines = [f"  {row.name} ({row.kind}): {_shapes(row.inputs)} -> {_shapes(row.outputs)}" for row in rows[-LAST:]]
    return "\n".join((f"The last of {len(rows)} rows that ran:", *lines))


def _shapes(shapes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join(map(units.shape, shapes)) or "nothing"


def _advise(error: WalkError, network: Network, feed: Feed) -> WalkError:
    if feed.args is None and feed.batch == 1 and "more than 1 value per channel" in spell(error):
        return WalkError(f"{error}\nA batch of one image cannot be normalised in training; try --batch 2")
    given = ", ".join(map(str, feed.specs))
    if network.fits is not None and len(feed.specs) == 1 and feed.specs[0] != network.fits:
        advice = _what_fits(network, network.fits, feed.specs[0])
        return WalkError(f"{network.spec} cannot take {given}: {error}\n{advice}")
    if feed.args is None and network.fits is None:
        hint = f"describe its input with {INPUT_OPTION}"
        if any(len(spec.shape) > 3 and spec.shape[0] == 1 for spec in feed.specs):  # noqa: PLR2004 - N, C, H, W
            hint = "--input leaves out the batch; set that with --batch"
        return WalkError(f"{error}\nIt was given {given}; {hint}")
    return error


def _what_fits(network: Network, default: InputSpec, given: InputSpec) -> str:
    """Name the default input and, by trying, the smallest square one that runs."""
    import torch

    text = f"It takes {default} by default"
    if len(given.shape) != len(default.shape) or given.shape[0] != default.shape[0]:
        return f"{text}; an input has the channels, height and width of one image, here {default.shape[0]} channels."
    with torch.device("meta"), torch.no_grad():
        module = network.build().eval()

        def runs(side: int) -> bool:
            try:
                module(replace(default, shape=(default.shape[0], side, side)).tensor(1, "meta"))
            except (RuntimeError, ValueError):
                return False
            return True

        low, high = 0, min(default.shape[1:])
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if runs(middle) else (middle, high)
        larger = (
            "and larger ones" if runs(2 * max(default.shape[1:])) else "and little more: its linear layers fix the size"
        )
    return f"{text}; the smallest square input that runs is {high}x{high}, {larger}."
