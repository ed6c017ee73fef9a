"""The one-call paths: `archcost.profile`."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.errors import OutOfMemoryError, WalkError
from archcost.profiling.advice import add_advice, give_memory_back, ran_out, say_failure
from archcost.profiling.choice import run_settled
from archcost.profiling.feed import feed_of
from archcost.profiling.trace import describe_need, trace_network
from archcost.records import InputInfo, NetworkInfo, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from archcost.profiling.feed import Feed
    from archcost.records import Costs, TimingPlan, Trace, WalkPlan
    from archcost.sources import Network


def profile(
    network: str | nn.Module | Any,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    device: str = "auto",
    mode: str = "eval",
    train: str | None = None,
    loss: str = "cross-entropy",
    freeze: str | Sequence[str] = (),
    train_only: str | Sequence[str] = (),
    batch: int = 1,
    amp: str | None = None,
    like: str | None = None,
    timeline: bool = False,
    saved: bool = False,
    checkpoint: Sequence[str] = (),
    time: bool | TimingPlan = False,
    partial: bool = False,
) -> Report:
    """Count what a network costs, and measure what it takes.

    Args:
        network: a name ("vgg16", "timm:resnet50", "file.py:build"), an nn.Module, a ScriptModule, an ExportedProgram,
            or a module that torch.compile wraps. A module is left exactly as it was found.
        inputs: a tensor or a tuple of positional arguments, passed as they are (a list of mappings or dataclasses is
            one argument, a batch of samples); a sequence of `InputSpec`; or None for the network's own default.
        kwargs: keyword arguments of the forward, passed as they are.
        device: "auto" (the GPU where there is one, for a network that archcost builds; otherwise the meta device, which
            needs no weights and no arithmetic), "meta", "cpu", "cuda".
        mode: "eval", "train" or "as-is".
        train: an optimizer ("sgd", "momentum", "adam", "adamw", with torch's defaults; "adamw-fused" and so on with
            `fused=True`): walk a whole training step: the loss, the backward pass and one step of the optimizer too;
            the mode is then "train" unless "as-is".
        loss: "cross-entropy" (of each output against one class for each place) or "sum" (of all output elements). A
            network that returns a loss itself is trained on that.
        freeze: patterns ("features.*") of parameters, or of modules, that do not train. The report then has the totals
            of full training, too: `report.full_training`.
        train_only: patterns of those that alone do.
        batch: images in the batch, where archcost makes the inputs.
        amp: mixed precision, "bf16" or "fp16": the forward and the loss run within `torch.autocast`. The meta device
            follows CUDA's lists of operators, or those of a device that is named: "cpu:bf16". The loss is not scaled.
        like: "cuda" or "cpu": the device whose choices the meta device follows, CUDA's unless asked otherwise: the
            lists of mixed precision, and the form of the optimizer (a GPU's steps all parameters at once, and needs
            room for all updates).
        timeline: have the report say what is alive at each operator: `report.timeline`.
        saved: have the report list the tensors that training keeps, with the lines that saved them: `report.saved`.
        checkpoint: paths of modules ("layer3.4") that training computes again in the backward pass, rather than keep
            what they compute: as if `torch.utils.checkpoint` ran them. `archcost.fit` chooses them.
        time: measure the network too, on the GPU where there is one, else on the CPU: `report.measured`. A
            `archcost.TimingPlan` says how, and on which device where `device` does not; the network is then walked
            where it is timed.
        partial: where the network fails while it runs, return the report of what ran before: `report.partial` is True
            then, and a warning says what failed. Nothing is timed.

    Returns:
        The report: `report.totals.macs`, `report.layers[i].name`, `report.to_json()`.

    Raises:
        UsageError: something was asked for that does not exist or is not allowed.
        BuildError: the network's code failed while it was built.
        WalkError: the network failed while it ran.
    """
    from archcost import sources
    from archcost.records import TimingPlan, Training, WalkPlan

    training = Training.of(train, loss, freeze, train_only)
    asked = WalkPlan(
        device=device,
        mode=mode,
        training=training,
        amp=amp,
        like=like,
        timeline=timeline,
        saved=saved,
        checkpoint=tuple(checkpoint),
    )
    plan = (TimingPlan() if time else None) if isinstance(time, bool) else time
    chosen = sources.resolve(network) if isinstance(network, str) else sources.wrap_module(network)
    if inputs is not None or kwargs is not None:
        return _profile_chosen(chosen, feed_of(chosen, inputs, kwargs, batch), asked, plan, partial=partial)
    return run_settled(
        chosen,
        lambda settled: _profile_chosen(settled, feed_of(settled, None, None, batch), asked, plan, partial=partial),
        training=asked.walked_mode == "train",
    )


def _profile_chosen(network: Network, feed: Feed, asked: WalkPlan, plan: TimingPlan | None, *, partial: bool) -> Report:
    """Profile a network on its inputs; where only parts of it train, with the totals of full training beside it."""
    training = asked.training
    if training is None or not training.partial:
        return profile_network(network, feed, asked, plan, partial=partial)
    full = profile_network(
        network, feed, replace(asked, training=training.full, timeline=False, saved=False), partial=partial
    )
    return replace(profile_network(network, feed, asked, plan, partial=partial), full_training=full.totals)


def profile_network(
    network: Network, feed: Feed, asked: WalkPlan, plan: TimingPlan | None = None, *, partial: bool = False
) -> Report:
    """Walk a network that is resolved already, and account for it; measure it where there is a timing plan."""
    from archcost.account import account
    from archcost.profiling.formulas import find_registered_formulas
    from archcost.records.report import PARTIAL
    from archcost.walk import run_undisturbed

    if plan is not None and not partial:
        return _measure(network, feed, asked, plan)

    def count() -> Report:
        try:
            trace, notes = trace_network(network, feed, asked)
        except WalkError as error:
            if not partial or error.trace is None:
                raise
            trace, notes = (
                error.trace,
                (f"{PARTIAL}{say_failure(error)}; the figures are of the operators that ran before",),
            )
        costs = account(trace, find_registered_formulas(trace.ops), timeline=asked.timeline, saved=asked.saved)
        report = _report(network, feed, trace, costs, notes)
        del trace  # or the collector, once it is back, would look through all of it
        return report

    return run_undisturbed(count)


def _measure(network: Network, feed: Feed, asked: WalkPlan, plan: TimingPlan) -> Report:
    """Walk and measure a network; where there is not enough memory, say what it needs.

    The device and the precision that were asked of the walk go before those of the timing plan.
    """
    from archcost.clock.devices import device_of
    from archcost.profiling.form import describe_in_form
    from archcost.profiling.timed import time_network

    device = plan.device if asked.device == "auto" else asked.device
    plan = replace(plan, device=device, amp=asked.amp or plan.amp)
    try:
        trace, costs, sample = time_network(network, feed, asked, plan)
        return replace(_report(network, feed, trace, costs), measured=sample)
    except Exception as error:  # noqa: BLE001 - torch raises several kinds
        if not ran_out(error):
            raise add_advice(error, network, feed) from error.__cause__
    give_memory_back()
    asked = replace(asked, device=device, amp=plan.amp)
    raise OutOfMemoryError(describe_need(*describe_in_form(network, feed, plan), asked, str(device_of(device))))


def _report(network: Network, feed: Feed, trace: Trace, costs: Costs, notes: tuple[str, ...] = ()) -> Report:
    from archcost.sources.assemble import name_tensors

    names = name_tensors(feed.specs, feed.batch) or [None] * len(trace.inputs)
    info = NetworkInfo(
        spec=network.spec,
        name=network.name,
        mode=trace.mode,
        inputs=tuple(
            InputInfo(shape=spec.shape, dtype=spec.dtype, name=name)
            for spec, name in zip(trace.inputs, names, strict=False)
        ),
        notes=network.notes,
        amp=None if trace.amp is None else str(trace.amp),
        dtypes=tuple(sorted({spec.dtype for spec in trace.params})),
    )
    return Report.of(info, costs, (*notes, *trace.notes), _environment(trace))


def _environment(trace: Trace) -> dict[str, str]:
    from archcost import __version__
    from archcost.metrics import CONVENTIONS

    environment = {
        "archcost": __version__,
        "conventions": CONVENTIONS,
        "device": trace.device,
        "python": platform.python_version(),
        "torch": trace.torch_version,
    }
    return {**environment, "like": trace.like} if trace.device == "meta" else environment


__all__ = ["profile", "profile_network"]
