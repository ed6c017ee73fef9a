"""The report of a network together with the walk that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.account import account
from archcost.profiling.choice import run_settled
from archcost.profiling.counting import build_report
from archcost.profiling.feed import feed_of
from archcost.profiling.formulas import find_registered_formulas
from archcost.profiling.trace import trace_network
from archcost.records import WalkPlan

if TYPE_CHECKING:
    from torch import nn

    from archcost.records import Report, Trace
    from archcost.sources import Network


def profile_with_trace(network: str | nn.Module, inputs: Any = None, *, device: str = "auto") -> tuple[Report, Trace]:
    """Count the costs of a network's forward pass, as `archcost.profile` does, and return the recorded walk, too.

    Args:
        network: as for `archcost.profile`.
        inputs: as for `archcost.profile`; archcost creates them with a batch of 1.
        device: "auto", "meta", "cpu" or "cuda".

    Raises:
        UsageError: the request names something unknown or not allowed.
        BuildError: the network's code failed while it was built.
        WalkError: the network failed while it ran.
    """
    from archcost import sources
    from archcost.walk import run_undisturbed

    def count(chosen: Network) -> tuple[Report, Trace]:
        feed = feed_of(chosen, inputs, None, 1)
        trace, notes = trace_network(chosen, feed, WalkPlan(device=device))
        costs = account(trace, find_registered_formulas(trace.ops))
        return build_report(chosen, feed, trace, costs, notes), trace

    chosen = sources.resolve(network) if isinstance(network, str) else sources.wrap_module(network)
    if inputs is not None:
        return run_undisturbed(lambda: count(chosen))
    return run_settled(chosen, lambda settled: run_undisturbed(lambda: count(settled)))
