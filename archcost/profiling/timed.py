"""One timed network: build it where and as the plan says, walk it there for its exact costs, then measure it.

The walk and the clock see the same module on the same device, so the measured rows are the counted ones.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from archcost.account import account
from archcost.choices import TIMERS
from archcost.clock import Job, autocast, check_dtype, measure, regime
from archcost.clock.devices import clock_of, device_of
from archcost.clock.regime import AMP, torch_dtype
from archcost.clock.roofs import roof_of
from archcost.errors import ArgumentError, ClockError
from archcost.profiling.formulas import registered_formulas
from archcost.records import DTYPES
from archcost.walk import Parts, meta_copy, walk
from archcost.walk.arguments import copy_arguments
from archcost.walk.freezing import choose_trainable
from archcost.walk.modes import set_mode
from archcost.walk.scopes import module_specs
from archcost.walk.state import as_found
from archcost.walk.surroundings import random_state_kept
from archcost.walk.tensors import find_tensors
from archcost.walk.training import labels_of, loss_of, make_optimizer, roots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from torch import nn

    from archcost.profiling.feed import Feed
    from archcost.records import Costs, Sample, TimingPlan, Trace, Training
    from archcost.sources import InputSpec, Network


def check_plan(plan: TimingPlan) -> None:
    """Find out whether a plan asks for something that exists at all.

    Raises:
        ArgumentError: it does not; with what does.
    """
    if plan.dtype is not None and plan.dtype not in DTYPES:
        raise ArgumentError(f"there is no dtype {plan.dtype!r}; there are {', '.join(DTYPES)}")
    if plan.timer not in TIMERS:
        raise ArgumentError(f"there is no timer {plan.timer!r}; there are {', '.join(TIMERS)}")
    if plan.amp is not None and plan.amp not in AMP:
        raise ArgumentError(f"amp must be one of {', '.join(AMP)}, not {plan.amp!r}")
    if plan.threads is not None and plan.threads < 1:
        raise ArgumentError(f"at least one thread has to run, not {plan.threads}")
    device_of(plan.device)


def timed(
    network: Network,
    feed: Feed,
    plan: TimingPlan,
    *,
    mode: str = "eval",
    training: Training | None = None,
    timeline: bool = False,
) -> tuple[Trace, Costs, Sample]:
    """Walk and measure a network; a module that was given is left as found, or a copy of it is timed.

    Raises:
        ArgumentError: a plan or a device that is none.
        ClockError: a batch of nothing, a dtype that the device lacks, a network that cannot be copied, or one that
            fails only while it is timed.
        WalkError: the network failed while it was walked.
    """
    check_plan(plan)
    if feed.args is None and feed.batch < 1:
        raise ClockError(f"a batch of {feed.batch} images has nothing to time; give at least 1")
    device = device_of(plan.device)
    with random_state_kept():
        module = _prepared(network, plan, device, training)
        home = next((parameter.device for parameter in module.parameters()), device)
        if home.type == "meta":
            raise ClockError("its weights are on the meta device, where nothing runs: move them to cpu or cuda")
        for dtype in (plan.dtype, AMP.get(plan.amp or "")):
            if dtype is not None:
                check_dtype(dtype, home)
        args, kwargs = _cast(feed.on(str(home)), plan)
        kept = as_found(Parts(module)) if module is network.given else nullcontext()
        with kept, regime(plan):
            trace = walk(module, args, kwargs, mode=mode, training=training, amp=plan.amp)
            costs = account(trace, registered_formulas(trace.ops), timeline=timeline)
            clock = clock_of(home)
            with _failures_named(plan):
                if mode != "as-is":
                    set_mode(module, training=mode == "train")
                sample = measure(_job(module, args, kwargs, plan, home, costs, training), plan, clock, home)
            return trace, costs, replace(sample, roof=roof_of(home, (sample.dtype,), clock)) if plan.roof else sample


def _prepared(network: Network, plan: TimingPlan, device: torch.device, training: Training | None) -> nn.Module:
    """Return the module that is timed: built, or the one given, or a copy of it where it would be changed."""
    if network.given is None:
        with torch.device(device):
            module = network.build()
    elif not (training or plan.channels_last or plan.dtype is not None):
        return network.given
    else:
        try:
            module = copy.deepcopy(network.given)
        except Exception as error:
            reason = str(error).strip().split("\n", maxsplit=1)[0]
            raise ClockError(f"the network cannot be copied, and timing it so would change it: {reason}") from error
    return _formed(module, plan)


def _formed(module: nn.Module, plan: TimingPlan) -> nn.Module:
    """Bring a module's parameters and buffers into the plan's dtype and layout."""
    if plan.dtype is not None:
        module = module.to(torch_dtype(plan.dtype))
    return module.to(memory_format=torch.channels_last) if plan.channels_last else module  # type: ignore[call-overload]


def in_form(network: Network, feed: Feed, plan: TimingPlan) -> tuple[Network, Feed]:
    """Return a network and its inputs in the dtype and layout of a plan, for a walk on the meta device."""
    if plan.dtype is None and not plan.channels_last:
        return network, feed

    def build() -> nn.Module:
        return _formed(network.build() if network.given is None else meta_copy(Parts(network.given)), plan)

    def described(spec: InputSpec) -> InputSpec:
        if plan.dtype is None or not getattr(torch, spec.dtype).is_floating_point:
            return spec
        return replace(spec, dtype=str(torch_dtype(plan.dtype)).removeprefix("torch."))

    args, kwargs = (None, feed.kwargs) if feed.args is None else _cast((feed.args, dict(feed.kwargs)), plan)
    formed = replace(feed, args=args, kwargs=kwargs, specs=tuple(map(described, feed.specs)))
    return replace(network, build=build, given=None), formed


def _cast(given: tuple[tuple[Any, ...], dict[str, Any]], plan: TimingPlan) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Bring the inputs into the plan's dtype and layout."""

    def change(tensor: torch.Tensor) -> torch.Tensor:
        if plan.dtype is not None and tensor.is_floating_point():
            tensor = tensor.to(torch_dtype(plan.dtype))
        if plan.channels_last and tensor.dim() == 4:  # noqa: PLR2004 - N, C, H, W
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    return copy_arguments(given, change)  # type: ignore[no-any-return]


def _job(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    plan: TimingPlan,
    device: torch.device,
    costs: Costs,
    training: Training | None,
) -> Job:
    if training is not None:
        choose_trainable(module, training)
    step = _Step(
        torch.compile(module) if plan.compiled else module,
        (args, kwargs),
        partial(autocast, plan, device),
        training,
        [parameter for parameter in module.parameters() if parameter.requires_grad],
    )
    first = next(iter(find_tensors((args, kwargs))), None)
    return Job(
        phases=step.phases,
        leaves={leaf: spec.path for leaf, spec in module_specs(Parts(module).modules).items() if spec.leaf},
        layers=costs.layers,
        phase_macs={"backward": costs.totals.backward_macs or 0},
        images=first.shape[0] if first is not None and first.dim() else 1,
        dtype=AMP.get(plan.amp or "") or plan.dtype or _dtype_of(module, first),
        whole=step.whole,
    )


def _dtype_of(module: nn.Module, first: torch.Tensor | None) -> str:
    tensors = [tensor for tensor in (*module.parameters(), first) if tensor is not None and tensor.is_floating_point()]
    return str(tensors[0].dtype).removeprefix("torch.") if tensors else "float32"


class _Step:
    """One iteration: a forward pass without gradients, or a whole training step in its phases."""

    def __init__(
        self,
        run: Callable[..., Any],
        given: tuple[tuple[Any, ...], dict[str, Any]],
        context: Callable[[], AbstractContextManager[Any]],
        training: Training | None,
        parameters: list[nn.Parameter],
    ) -> None:
        self._run, (self._args, self._kwargs), self._context, self._training = run, given, context, training
        self._outputs: Any = None
        self._loss: Any = None
        self._labels: dict[tuple[int, ...], torch.Tensor] | None = None
        self.phases: Sequence[tuple[str, Callable[[], object]]] = (("forward", self._forward),)
        if training is not None:
            self._optimizer = make_optimizer(training.optimizer, parameters)
            self.phases = (*self.phases, ("loss", self._compare), ("backward", self._backward), ("step", self._update))

    def whole(self) -> None:
        for _, phase in self.phases:
            phase()
        self._outputs = None

    def _forward(self) -> None:
        with torch.set_grad_enabled(self._training is not None), self._context():
            self._outputs = self._run(*self._args, **self._kwargs)

    def _compare(self) -> None:
        roots = roots_of(find_tensors(self._outputs))
        if self._labels is None:
            self._labels = labels_of(roots, self._training)  # type: ignore[arg-type]
        with self._context():
            self._loss = loss_of(roots, self._labels)

    def _backward(self) -> None:
        self._outputs = None
        self._loss.backward()

    def _update(self) -> None:
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._loss = None


@contextmanager
def _failures_named(plan: TimingPlan) -> Iterator[None]:
    """Say under what a network failed that ran when it was walked."""
    try:
        yield
    except (ClockError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        how = "compiled (torch.compile)" if plan.compiled else "timed"
        text = str(error).strip().split("\n", maxsplit=1)[0]
        raise ClockError(
            f"the network ran when it was walked, and fails when it is {how}: {type(error).__name__}: {text}"
        ) from error
    finally:
        if plan.compiled:
            torch.compiler.reset()
