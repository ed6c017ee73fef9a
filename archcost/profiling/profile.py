"""The entry point `archcost.profile`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost import sources
from archcost.errors import OutOfMemoryError
from archcost.profiling.advice import add_advice, give_memory_back, ran_out
from archcost.profiling.choice import run_settled
from archcost.profiling.feed import feed_of
from archcost.records import TimingPlan, Training, WalkPlan
from archcost.uncompiled import never_compile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from archcost.profiling.feed import Feed
    from archcost.records import Report
    from archcost.sources import Network


@never_compile
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
    """Count the costs of a network, and measure its time.

    Args:
        network: a name ("vgg16", "timm:resnet50", "file.py:build"), an nn.Module, a ScriptModule, an ExportedProgram,
            or a module that torch.compile wraps. A module is left exactly as it was found.
        inputs: a tensor or a tuple of positional arguments, passed unchanged (a list of mappings or dataclasses is one
            argument, a batch of samples); a sequence of `InputSpec`; or None for the network's own default.
        kwargs: keyword arguments of the forward, passed unchanged.
        device: "auto" (the GPU, if there is one, for a network that archcost builds; otherwise the meta device, which
            needs no weights and no arithmetic), "meta", "cpu", "cuda".
        mode: "eval", "train" or "as-is".
        train: an optimizer ("sgd", "momentum", "adam", "adamw", with torch's defaults; "adamw-fused" and so on with
            `fused=True`): walk a whole training step with the loss, the backward pass and one step of the optimizer;
            the mode is then "train" unless "as-is".
        loss: "cross-entropy" (of each output against one class for each position) or "sum" (of all output elements). A
            network that returns a loss itself is trained on that loss.
        freeze: patterns ("features.*") of parameters or modules that do not train. The report then also has the totals
            of full training: `report.full_training`.
        train_only: patterns of the only parameters or modules that train.
        batch: batch size, if archcost creates the inputs.
        amp: mixed precision, "bf16" or "fp16": the forward and the loss run within `torch.autocast`. The meta device
            follows CUDA's lists of operators, or the lists of a named device: "cpu:bf16". The loss is not scaled.
        like: "cuda" (the default) or "cpu": the device that the meta device imitates, in the lists of mixed precision
            and the form of the optimizer (on a GPU it steps all parameters at once, and needs memory for all updates).
        timeline: add the live memory at each operator to the report: `report.timeline`.
        saved: list the tensors that autograd saves, with the source lines that saved them: `report.saved`.
        checkpoint: paths of modules ("layer3.4") that training recomputes in the backward pass instead of saving their
            activations, as if `torch.utils.checkpoint` ran them. `archcost.fit` chooses them.
        time: also measure the network, on the GPU if there is one, else on the CPU: `report.measured`. An
            `archcost.TimingPlan` sets the method, and the device if `device` does not; the walk then uses the same
            device.
        partial: if the network fails while it runs, return the report of the operators before the failure:
            `report.partial` is True then, and a warning describes the failure. Nothing is timed.

    Returns:
        The report: `report.totals.macs`, `report.layers[i].name`, `report.to_json()`.

    Raises:
        UsageError: the request names something unknown or not allowed.
        BuildError: the network's code failed while it was built.
        WalkError: the network failed while it ran.
    """
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
    """Profile a network on its inputs; if only parts of it train, add the totals of full training."""
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
    """Walk a resolved network and count its costs; measure it if a timing plan is given."""
    if plan is not None and not partial:
        return _measure(network, feed, asked, plan)
    from archcost.profiling.counting import count

    return count(network, feed, asked, partial=partial)


def _measure(network: Network, feed: Feed, asked: WalkPlan, plan: TimingPlan) -> Report:
    """Walk and measure a network; if memory runs out, raise an error with the need.

    The device and the precision of the walk override those of the timing plan.
    """
    from archcost.clock.devices import device_of
    from archcost.profiling.counting import build_report
    from archcost.profiling.form import describe_in_form
    from archcost.profiling.timed import time_network
    from archcost.profiling.trace import describe_need

    device = plan.device if asked.device == "auto" else asked.device
    plan = replace(plan, device=device, amp=asked.amp or plan.amp)
    try:
        trace, costs, sample = time_network(network, feed, asked, plan)
        return replace(build_report(network, feed, trace, costs), measured=sample)
    except Exception as error:  # noqa: BLE001 - torch raises several kinds
        if not ran_out(error):
            raise add_advice(error, network, feed) from error.__cause__
    give_memory_back()
    asked = replace(asked, device=device, amp=plan.amp)
    raise OutOfMemoryError(describe_need(*describe_in_form(network, feed, plan), asked, str(device_of(device))))


__all__ = ["profile", "profile_network"]
