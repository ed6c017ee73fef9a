"""second_opinions(network, feed) -> Opinions: run every counter on the same network, on the same device."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import torch

from archcost.choices import COUNTING
from archcost.profiling.feed import Feed, describe_feed
from archcost.profiling.profile import profile_network
from archcost.records import WalkPlan
from archcost.records.opinions import FVCORE, TORCH, Opinions
from archcost.verify.compare import add_rest, add_torch_counts, build_opinion, list_operators
from archcost.verify.devices import compare_walks
from archcost.verify.fvcore_count import count_with_fvcore
from archcost.verify.observe import Sighting, observe
from archcost.walk import Parts, meta_copy, run_undisturbed

if TYPE_CHECKING:
    from torch import nn

    from archcost.records.opinions import Count
    from archcost.sources import Network


def collect_opinions(network: Network, feed: Feed | None = None, *, device: str = "auto") -> Opinions:
    """Count a network's multiply-adds with archcost, fvcore and torch's FlopCounterMode.

    A counter that fails appears with its reason; the others still answer.

    Args:
        network: from `archcost.sources.resolve` or `wrap_module`; a module that exists is copied first.
        feed: its inputs; None: the network's default.
        device: as for `archcost.profile`; the walk on a real device is compared with a walk on meta, row by row. With
            "auto", all three counters run on the CPU if fvcore can trace the network there but not on meta.

    Raises:
        BuildError: the network's code failed during its construction.
        WalkError: the network failed while it ran.
    """
    feed = feed or describe_feed(network, (), 1)
    report = profile_network(network, feed, WalkPlan(device=device))

    def look_on() -> _Look:
        look = _look(network, feed, report.environment["device"])
        if look.fvcore.failure and look.device == "meta" and device == "auto":
            return _look_again(network, feed, look)
        return look

    look = run_undisturbed(look_on, collector=True)
    calls = add_rest(look.sighting.calls, report.totals.macs)
    counts = {FVCORE: look.fvcore, TORCH: add_torch_counts(calls, look.sighting.torch_failure)}
    named = device not in {"auto", "meta", COUNTING}
    versions = {name: metadata.version(name) for name in counts}
    return Opinions(
        network=report.network,
        device=look.device,
        macs=report.totals.macs,
        operators=list_operators(calls, counts),
        opinions=tuple(build_opinion(name, versions[name], count, calls) for name, count in counts.items()),
        uncovered=report.uncovered,
        notes=(*report.warnings, *look.notes, *look.sighting.notes),
        walks=compare_walks(network, feed, report) if named else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    device: str
    sighting: Sighting
    fvcore: Count
    notes: tuple[str, ...] = ()


def _look(network: Network, feed: Feed, device: str, notes: tuple[str, ...] = ()) -> _Look:
    module = _copy_network(network, device)
    args, kwargs = feed.on(device)
    sighting = observe(module, args, kwargs, device=device)
    return _Look(device=device, sighting=sighting, fvcore=count_with_fvcore(module, args, kwargs), notes=notes)


def _look_again(network: Network, feed: Feed, on_meta: _Look) -> _Look:
    """Observe the network on a device with values; keep the result on meta if that does not help fvcore."""
    given = None if network.given is None else next(network.given.parameters(), None)
    device = "cpu" if given is None or given.is_meta else str(given.device)
    note = f"fvcore cannot trace on the meta device, so the counters ran on {device}"
    try:
        again = _look(network, feed, device, (note,))
    except Exception:  # noqa: BLE001 - it ran on meta, and that is enough for the other counters
        return on_meta
    if again.fvcore.failure:
        return _Look(device="meta", sighting=on_meta.sighting, fvcore=again.fvcore)
    return again


def _copy_network(network: Network, device: str) -> nn.Module:
    """Return a network that may be run and hooked: a new one, or a copy if it cannot be built again."""
    if network.given is not None:
        if device == "meta":
            return meta_copy(Parts(network.given))
        try:
            return copy.deepcopy(network.given)
        except Exception:  # noqa: BLE001 - what cannot be copied is run as it is, and left as found
            return network.given
    try:
        with torch.device(device):
            return network.build()
    except Exception:
        if device != "meta":
            raise
    return meta_copy(Parts(network.build()))
