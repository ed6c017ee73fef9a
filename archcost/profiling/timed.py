"""Time one network: build it by the plan, walk it there for its exact costs, then measure it.

The walk and the clock see the same module on the same device, so the measured and the counted rows agree.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from archcost.account import account
from archcost.account.memory import CUDA_BLOCK
from archcost.clock.devices import clock_of, device_of
from archcost.clock.kinds import kind_of
from archcost.clock.measure import Job, measure
from archcost.clock.regime import AMP, check_dtype, regime
from archcost.clock.roofs import roof_of
from archcost.clock.workspaces import keep_workspace
from archcost.errors import ClockError, first_line
from archcost.profiling.form import make_inputs, make_module
from archcost.profiling.formulas import find_registered_formulas
from archcost.profiling.iteration import make_iteration
from archcost.profiling.trial import find_capture_failure
from archcost.profiling.workspaces import find_measured
from archcost.walk import Parts, run_undisturbed, walk
from archcost.walk.scopes import module_specs
from archcost.walk.state import as_found
from archcost.walk.storages import dtype_name
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from archcost.profiling.feed import Feed, Given
    from archcost.profiling.iteration import Iteration
    from archcost.records import Costs, Sample, TimingPlan, Trace, WalkPlan
    from archcost.sources import Network


def time_network(network: Network, feed: Feed, asked: WalkPlan, plan: TimingPlan) -> tuple[Trace, Costs, Sample]:
    """Walk and measure a network; a given module is restored afterwards, or a copy of it is timed.

    The timing plan sets the device and the precision; `asked` sets the rest.

    Raises:
        ArgumentError: the device does not exist, or cannot run anything.
        ClockError: the batch is empty, the device lacks a dtype, or the network cannot be copied or fails only while it
            is timed.
        WalkError: the network failed while it was walked.
    """
    device = device_of(plan.device)
    kind = kind_of(device)
    if feed.args is None and feed.batch < 1:
        raise ClockError(f"a batch of {feed.batch} images has nothing to time; give at least 1")
    tried = plan.timer == "graph" and kind.has_graphs and asked.training is None
    uncapturable = find_capture_failure(network, feed, plan) if tried else None

    def walk_and_measure() -> tuple[Trace, Costs, Sample]:
        with kind.using(device):
            notes = _describe_move(network, plan, device)
            module = make_module(network, plan, device, trains=asked.training is not None, moves=bool(notes))
            home = _home_of(module, plan, device)
            args, kwargs = given = make_inputs(feed, plan, home)
            with as_found(Parts(module)) if module is network.given else nullcontext(), regime(plan):
                trace = walk(module, args, kwargs, mode=asked.walked_mode, training=asked.training, amp=plan.amp)
                costs = account(trace, find_registered_formulas(trace.ops), timeline=asked.timeline, saved=asked.saved)
                clock = clock_of(home)
                with _failures_named(plan):
                    iteration = make_iteration(module, given, asked, plan, home)
                    job = _job(module, given, iteration, plan, costs)
                    sample = measure(replace(job, uncapturable=uncapturable), plan, clock, home)
                workspace = find_measured(network.spec, trace, sample)
                if workspace is not None:
                    keep_workspace(workspace)
                roof = roof_of(home, sample.dtypes, clock) if plan.roof else None
                return trace, costs, replace(sample, roof=roof, notes=(*notes, *sample.notes))

    return run_undisturbed(walk_and_measure, collector=True)


def _describe_move(network: Network, plan: TimingPlan, device: torch.device) -> tuple[str, ...]:
    """Return a note if a given module is not on the named device, so that a copy is moved there."""
    tensors = () if network.given is None else (*network.given.parameters(), *network.given.buffers())
    there = next((tensor.device for tensor in tensors), None)
    if plan.device == "auto" or there is None or there.type == "meta":
        return ()
    numbered = torch.device(plan.device).index is not None
    if there.type == device.type and (not numbered or there.index in {None, device.index}):
        return ()
    return (f"a copy of the network was timed on {device}; the network itself is on {there}",)


def _home_of(module: nn.Module, plan: TimingPlan, device: torch.device) -> torch.device:
    """Return the device of a module's weights; check that it computes in the plan's dtypes.

    Raises:
        ClockError: the weights are on several devices or on meta, or the device lacks a dtype.
    """
    homes = tuple(dict.fromkeys(parameter.device for parameter in module.parameters())) or (device,)
    if len(homes) > 1:
        names = ", ".join(map(str, homes))
        raise ClockError(f"its weights are on several devices ({names}), and a clock times one: move them to one")
    (home,) = homes
    if home.type == "meta":
        raise ClockError("its weights are on the meta device, where nothing runs: move them to cpu or cuda")
    for dtype in (plan.dtype, AMP.get(plan.amp or "")):
        if dtype is not None:
            check_dtype(dtype, home)
    return home


def _job(module: nn.Module, given: Given, iteration: Iteration, plan: TimingPlan, costs: Costs) -> Job:
    """Return the job of the clock: an iteration, and the counted rows of its layers."""
    first = next(iter(find_tensors(given)), None)
    own = next((t for t in (*module.parameters(), first) if t is not None and t.is_floating_point()), None)
    return Job(
        phases=iteration.phases,
        whole=iteration.whole,
        leaves={leaf: spec.path for leaf, spec in module_specs(Parts(module)).items() if spec.leaf},
        layers=costs.layers,
        phase_macs={"backward": costs.totals.backward_macs or 0},
        images=first.shape[0] if first is not None and first.dim() else 1,
        held_bytes=partial(_count_held, module, given, iteration),
        dtype=AMP.get(plan.amp or "") or plan.dtype or ("float32" if own is None else dtype_name(own.dtype)),
    )


def _count_held(module: nn.Module, given: Given, iteration: Iteration) -> int:
    """Return the bytes in use between two iterations, in blocks: network, inputs, optimizer state."""
    tensors = (*module.parameters(), *module.buffers(), *find_tensors(given), *find_tensors(iteration.state))
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(-(-nbytes // CUDA_BLOCK) * CUDA_BLOCK for nbytes in storages.values())


@contextmanager
def _failures_named(plan: TimingPlan) -> Iterator[None]:
    """Name the setting under which a network failed after its walk succeeded."""
    try:
        yield
    except (ClockError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        how = "compiled (torch.compile)" if plan.compiled else "timed"
        text = first_line(error)
        raise ClockError(
            f"the network ran when it was walked, and fails when it is {how}: {type(error).__name__}: {text}"
        ) from error
    finally:
        if plan.compiled:
            torch.compiler.reset()
