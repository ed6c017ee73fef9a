"""Walk a network on the requested device, or only for its memory after it ran out of memory."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from archcost import units
from archcost.choices import COUNTING
from archcost.clock.kinds import kind_of
from archcost.errors import OutOfMemoryError, RuleError, UsageError, find_root, first_line
from archcost.profiling.advice import add_advice, give_memory_back, ran_out
from archcost.profiling.fallback import check_memory, reason_of
from archcost.profiling.place import build_on_device, build_on_meta, choose_device, has_no_values, home_of, materialise
from archcost.walk import Caches, Restoration, Values, run_undisturbed, walk

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from archcost.profiling.feed import Feed
    from archcost.records import Trace, WalkPlan
    from archcost.sources import Network


def trace_network(network: Network, feed: Feed, asked: WalkPlan) -> tuple[Trace, tuple[str, ...]]:
    """Walk on the requested device; if the meta device fails for any reason, fall back to the CPU.

    Returns:
        The trace, and a note if it fell back.

    Raises:
        ArgumentError: the device does not exist.
        WalkError: the network failed while it ran.
        OutOfMemoryError: memory ran out; gives the need.
    """
    if asked.device == "auto" and asked.like is not None:
        asked = replace(asked, device=COUNTING)  # a real GPU would ignore `like`
    where = choose_device(asked.device, network)
    if asked.device == "auto" and where != "meta":
        return _trace_on_chosen(network, feed, asked, where)
    if where != "meta":
        return _walk_on(network, feed, asked, where), ()
    caches, restoration = Caches(), Restoration()
    restoration.add(caches.put_back)
    try:
        with restoration, restoration:
            trace = _walk(network, feed, asked, "meta", caches)
            return trace, _note_left(caches.empty())
    except (RuleError, UsageError):
        raise
    except Exception as error:  # noqa: BLE001 - a network may raise anything, and the CPU shows whether it was the network
        if asked.device == "meta" or has_no_values(network):
            raise add_advice(error, network, feed) from error.__cause__
        reason = reason_of(error)
        check_memory(network, asked, getattr(error, "trace", None), reason)
    note = f"it was run on the CPU, because it failed on the meta device: {reason}"
    left = _note_left(caches.empty())  # called after the error and its frames are freed
    return _walk_on(network, feed, asked, "cpu"), (note, *left)


def _walk_on(network: Network, feed: Feed, asked: WalkPlan, device: str) -> Trace:
    """Walk on a real device; if memory runs out, raise an error with the need."""
    try:
        return _walk(network, feed, asked, device)
    except Exception as error:  # noqa: BLE001 - torch raises several kinds
        if not ran_out(error):
            raise add_advice(error, network, feed) from error.__cause__
    # Only here are the error and the tensors in its traceback freed.
    give_memory_back()
    raise OutOfMemoryError(describe_need(network, feed, asked, device))


def _note_left(places: tuple[str, ...]) -> tuple[str, ...]:
    if not places:
        return ()
    return (
        f"the walk on the meta device left tensors without values in {', '.join(places)}: clear them before the "
        "network runs again, or profile it with --device cpu",
    )


def _trace_on_chosen(network: Network, feed: Feed, asked: WalkPlan, where: str) -> tuple[Trace, tuple[str, ...]]:
    """Walk on the automatically chosen GPU; if it is full, busy or broken, count on the meta device."""
    try:
        return _walk(network, feed, asked, where), ()
    except Exception as error:  # noqa: BLE001 - torch raises several kinds; a mistake of the network's shows again
        reason = first_line(find_root(error))
    with suppress(Exception):  # a broken device cannot free memory
        give_memory_back()
    trace, notes = trace_network(network, feed, replace(asked, device=COUNTING))
    return trace, (f"it was counted on {trace.device}, because it failed on {where}: {reason}", *notes)


def _walk(network: Network, feed: Feed, asked: WalkPlan, where: str, caches: Caches | None = None) -> Trace:
    with _on_device(where):
        values = Values() if where == "meta" else None
        parts = build_on_meta(network, values) if where == "meta" else build_on_device(network, where)
        args, kwargs = feed.on(home_of(parts, where), values)
        if parts.lazy is not None:
            parts = materialise(parts, network, (args, kwargs), asked)
            args, kwargs = feed.on(home_of(parts, where), values)
        if caches is not None:
            caches.note(parts)
        # a copy on a real device may share memory with the given network
        apart = network.fits is not None if network.given is None else where == "meta"
        thrown_away = parts.network is not network.given and apart
        return walk(
            parts,
            args,
            kwargs,
            mode=asked.walked_mode,
            training=asked.training,
            amp=asked.amp,
            like=asked.like if where == "meta" else None,
            restore=not thrown_away,
            caches=caches,
            values=values,
            lines=asked.saved,
            checkpoint=asked.checkpoint,
            untouched=where == "meta" and parts.network is network.given,
        )


def _on_device(where: str) -> AbstractContextManager[Any]:
    """Return a context in which a device is torch's current one of its kind."""
    if where == "meta":
        return nullcontext()
    device = torch.device(where)
    return kind_of(device).using(device)


def walk_apart(network: Network, feed: Feed, asked: WalkPlan) -> Trace:
    """Walk a network for its memory alone."""
    trace, _ = run_undisturbed(lambda: trace_network(network, feed, asked))
    return trace


def describe_need(network: Network, feed: Feed, asked: WalkPlan, device: str) -> str:
    """Describe the memory that a network would have needed on a device."""
    from archcost.account.memory import bytes_of_kind, peak

    failed = f"{network.spec} ran out of memory on {device}"
    try:
        trace = walk_apart(network, feed, asked.on_meta_as_on(device))
    except Exception as error:  # noqa: BLE001 - the shortage matters more
        return f"{failed}; the meta device cannot predict its need: {error}"
    needed, parameters = peak(trace, (), {}).nbytes, bytes_of_kind(trace, "parameter")
    return (
        f"{failed}: by a walk on the meta device it needs {units.short(needed, 'B')} at its peak, of which "
        f"{units.short(parameters, 'B')} for parameters; try a smaller --batch or --input, or look with "
        "`archcost fit` for the largest batch that fits"
    )
