"""Setting the mode of a network, as `nn.Module.train` does."""

from __future__ import annotations

import functools
import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_in_mode(modules: Iterable[nn.Module], *, training: bool) -> bool:
    """Whether all modules are in a mode already, and none has a `train` of its own."""
    modules = [*modules]
    kinds: set[Any] = set(map(type, modules))
    if any([kind.train is not nn.Module.train for kind in kinds]):  # noqa: C419 - a list is quicker
        return False
    tables = [module.__dict__ for module in modules]
    return all([table.get("training") is training and "train" not in table for table in tables])  # noqa: C419


def set_mode(network: nn.Module, *, training: bool) -> None:
    """Set the mode of a network and of all its modules, once each, as a module may contain itself.

    A module's own `train` is called if it sets a mode (an override may keep batch norms in eval), but not if it starts
    a training run (`train(data, epochs)`).
    """
    usual, seen = nn.Module.train, set()
    pending: list[nn.Module | None] = [network]
    while pending:
        module = pending.pop()
        if module is None or id(module) in seen:
            continue
        seen.add(id(module))
        kind, own = type(module), module.__dict__.get("train")
        if own is not None:  # an exported program raises, as its mode is fixed
            with suppress(NotImplementedError):
                own(training)
        elif kind.train is not usual and _sets_a_mode(kind):  # type: ignore[arg-type]
            module.train(training)
        else:
            if module.training != training:
                module.training = training
            if module._modules:
                pending += reversed(module._modules.values())


@functools.cache
def _sets_a_mode(kind: type[nn.Module]) -> bool:
    """Whether a class's own `train` has the parameter of `nn.Module.train`: one flag."""
    train: Any = inspect.unwrap(kind.train)
    try:
        parameters = list(inspect.signature(train).parameters.values())[1:]
    except (TypeError, ValueError):  # implemented in C
        return True
    if not parameters:
        return False
    flag = parameters[0]
    if flag.kind in {flag.VAR_POSITIONAL, flag.VAR_KEYWORD}:  # it passes all arguments to its base class
        return "__class__" in train.__code__.co_freevars
    return flag.name == "mode" or isinstance(flag.default, bool) or flag.annotation in {bool, "bool"}
