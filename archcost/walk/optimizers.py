"""torch's optimizers by name, in the default implementation for a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from archcost.choices import FUSED

if TYPE_CHECKING:
    from archcost.records import Training


def make_optimizer(training: Training, parameters: list[nn.Parameter], like: str = "cpu") -> torch.optim.Optimizer:
    """Return an optimizer with torch's defaults for the parameters' device.

    On the CPU that is a loop over the parameters; on a GPU it is the foreach implementation, which needs memory for all
    updates at once. On the meta device torch's default is the loop, so `like` names the device to follow. The fused
    implementation allocates no tensors and is the same everywhere.
    """
    # torch makes the same check before it chooses foreach: a parameter subclass may not support these operators
    plain = all(type(parameter) is nn.Parameter for parameter in parameters)
    on_meta = all(parameter.is_meta for parameter in parameters)
    name, _, form = training.optimizer.partition("-")
    fused = form == FUSED
    made = _build(name, parameters, foreach=True if on_meta and plain and like == "cuda" and not fused else None)
    if fused:
        _fuse(made)
    return made


def _build(name: str, parameters: list[nn.Parameter], foreach: bool | None) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(parameters, foreach=foreach)
    if name == "adamw":
        return torch.optim.AdamW(parameters, foreach=foreach)
    return torch.optim.SGD(parameters, momentum=0.9 if name == "momentum" else 0, foreach=foreach)


def _fuse(optimizer: torch.optim.Optimizer) -> None:
    """Make an optimizer use its fused kernel, even on the meta device, where torch's constructors refuse it."""
    for group in optimizer.param_groups:
        group["fused"], group["foreach"] = True, False
    optimizer._need_device_dtype_check_for_fused = False  # type: ignore[attr-defined] # SGD's


def make_state(optimizer: torch.optim.Optimizer) -> None:
    """Create the state of a fused Adam on the meta device; on all other devices its first step creates the state."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            known = not group["fused"] or optimizer.state[parameter] or parameter.grad is None
            if isinstance(optimizer, torch.optim.Adam) and parameter.is_meta and not known:
                optimizer.state[parameter] = {
                    "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                    "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                }
