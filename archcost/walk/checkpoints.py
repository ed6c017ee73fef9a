"""Modules that a walk computes again in the backward pass, as torch's checkpointing does (without reentry)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from archcost.walk.restoration import Restoration


def checkpoint_modules(modules: Mapping[str, nn.Module], paths: Sequence[str], restoration: Restoration) -> None:
    """Have modules keep nothing but what they are given, until `restoration` is over.

    Raises:
        ArgumentError: a path at which there is no module.
    """
    from torch.utils.checkpoint import checkpoint  # which loads torch's compiler

    for path in paths:
        if path not in modules:
            raise ArgumentError(
                f"checkpoint: there is no module {path!r}; {closest(path, list(modules), 'see --view modules')}"
            )
        module = modules[path]
        restoration.add(functools.partial(_put_forward_back, module, module.__dict__.get("forward")))
        module.__dict__["forward"] = functools.partial(checkpoint, module.forward, use_reentrant=False)


def _put_forward_back(module: nn.Module, own: object) -> None:
    """Give a module the forward that it had itself, if any, rather than its class."""
    module.__dict__.pop("forward", None)
    if own is not None:
        module.__dict__["forward"] = own
