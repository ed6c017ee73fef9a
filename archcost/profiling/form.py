"""A network and its inputs in the dtype and layout of the timing plan."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from archcost.clock.regime import torch_dtype
from archcost.errors import ClockError, first_line
from archcost.walk import Parts, meta_copy
from archcost.walk.arguments import copy_arguments

if TYPE_CHECKING:
    from torch import nn

    from archcost.profiling.feed import Feed, Given
    from archcost.records import TimingPlan
    from archcost.sources import InputSpec, Network


def make_module(
    network: Network, plan: TimingPlan, device: torch.device, *, trains: bool, moves: bool = False
) -> nn.Module:
    """Return the module to time: a new one, the given one, or a copy of it if timing would change or move it.

    Raises:
        ClockError: the module cannot be copied.
    """
    if network.given is None:
        with torch.device(device):
            return _change_form(network.build(), plan)
    if not (trains or moves or plan.changes_network):
        return network.given
    try:
        copied = _change_form(copy.deepcopy(network.given), plan)
        return copied.to(device) if moves else copied
    except Exception as error:
        reason = first_line(error)
        raise ClockError(f"the network cannot be copied, and timing it so would change it: {reason}") from error


def make_inputs(feed: Feed, plan: TimingPlan, device: torch.device) -> Given:
    """Return positional and keyword arguments on a device, in a plan's dtype and layout."""
    return _cast(feed.on(str(device)), plan)


def describe_in_form(network: Network, feed: Feed, plan: TimingPlan) -> tuple[Network, Feed]:
    """Return a network and its inputs in a plan's dtype and layout, for a walk on the meta device."""
    if not plan.changes_network:
        return network, feed

    def build() -> nn.Module:
        return _change_form(network.build() if network.given is None else meta_copy(Parts(network.given)), plan)

    def describe(spec: InputSpec) -> InputSpec:
        return spec if plan.dtype is None else spec.cast(str(torch_dtype(plan.dtype)).removeprefix("torch."))

    args, kwargs = (None, feed.kwargs) if feed.args is None else _cast((feed.args, dict(feed.kwargs)), plan)
    specs = tuple(map(describe, feed.specs))
    return replace(network, build=build, given=None), replace(feed, args=args, kwargs=kwargs, specs=specs)


def _change_form(module: nn.Module, plan: TimingPlan) -> nn.Module:
    """Convert a module's parameters and buffers to a plan's dtype and layout."""
    if plan.dtype is not None:
        module = module.to(torch_dtype(plan.dtype))
    return module.to(memory_format=torch.channels_last) if plan.channels_last else module  # type: ignore[call-overload]


def _cast(given: Given, plan: TimingPlan) -> Given:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        if plan.dtype is not None and tensor.is_floating_point():
            tensor = tensor.to(torch_dtype(plan.dtype))
        if plan.channels_last and tensor.dim() == 4:  # noqa: PLR2004 - N, C, H, W
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    return copy_arguments(given, change)  # type: ignore[no-any-return]
