"""Count the costs of a network by one walk, and report them; unlike `profile`, this module imports torch."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from archcost import __version__
from archcost.account import account
from archcost.errors import WalkError
from archcost.metrics import CONVENTIONS
from archcost.profiling.advice import say_failure
from archcost.profiling.formulas import find_registered_formulas
from archcost.profiling.trace import trace_network
from archcost.records import InputInfo, NetworkInfo, Report
from archcost.records.report import PARTIAL
from archcost.walk import run_undisturbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.profiling.feed import Feed
    from archcost.records import Costs, Trace, WalkPlan
    from archcost.sources import Network

PYTHON = platform.python_version()


def count(network: Network, feed: Feed, asked: WalkPlan, *, partial: bool) -> Report:
    """Walk a resolved network and count its costs; with `partial`, as far as it runs."""

    def walk_and_count() -> Report:
        try:
            trace, notes = trace_network(network, feed, asked)
        except WalkError as error:
            if not partial or error.trace is None:
                raise
            trace, notes = (
                error.trace,
                (f"{PARTIAL}{say_failure(error)}; the figures cover the operators that ran before the failure",),
            )
        costs = account(trace, find_registered_formulas(trace.ops), timeline=asked.timeline, saved=asked.saved)
        report = build_report(network, feed, trace, costs, notes)
        del trace  # otherwise the garbage collector would search all of it when it resumes
        return report

    return run_undisturbed(walk_and_count)


def build_report(network: Network, feed: Feed, trace: Trace, costs: Costs, notes: tuple[str, ...] = ()) -> Report:
    """Return the report of a walk of a network."""
    names: Sequence[str | None] = [None] * len(trace.inputs)
    if feed.specs:
        from archcost.sources.assemble import name_tensors

        names = name_tensors(feed.specs, feed.batch) or names
    info = NetworkInfo(
        spec=network.spec,
        name=network.name,
        mode=trace.mode,
        inputs=tuple(
            [
                InputInfo(shape=spec.shape, dtype=spec.dtype, name=name)
                for spec, name in zip(trace.inputs, names, strict=False)
            ]
        ),
        notes=network.notes,
        amp=None if trace.amp is None else str(trace.amp),
        dtypes=tuple(sorted({spec.dtype for spec in trace.params})),
    )
    return Report.of(info, costs, (*notes, *trace.notes), _environment(trace))


def _environment(trace: Trace) -> dict[str, str]:
    environment = {
        "archcost": __version__,
        "conventions": CONVENTIONS,
        "device": trace.device,
        "python": PYTHON,
        "torch": trace.torch_version,
    }
    return {**environment, "like": trace.like} if trace.device == "meta" else environment
