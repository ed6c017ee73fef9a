"""Modules that a walk recomputes in the backward pass, as torch's non-reentrant checkpointing does.

They are named by their paths: "layer3.4", or "features[5:10]" for consecutive layers of a Sequential.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from torch import nn

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.walk.restoration import Restoration

RUN = re.compile(r"(.*)\[(\d+):(\d+)\]")


def checkpoint_modules(modules: Mapping[str, nn.Module], names: Sequence[str], restoration: Restoration) -> None:
    """Make modules keep only their inputs, until `restoration` ends.

    Raises:
        ArgumentError: a path names a missing module, or a range of layers names a module that is not a Sequential.
    """
    from torch.utils.checkpoint import checkpoint  # this import loads torch's compiler

    runs: dict[str, list[tuple[int, int]]] = {}
    for name in names:
        found = RUN.fullmatch(name)
        path = name if found is None else found[1]
        if path not in modules:
            hint = closest(path, list(modules), "`--view modules` lists the modules")
            raise ArgumentError(f"checkpoint {name!r}: there is no module {path!r}; {hint}")
        if found is None:
            _replace_forward(modules[path], functools.partial(checkpoint, use_reentrant=False), restoration)
        else:
            runs.setdefault(path, []).append((int(found[2]), int(found[3])))
    for path, parts in runs.items():
        if not is_chain(type(modules[path])):
            raise ArgumentError(f"checkpoint {path!r}: only a Sequential has consecutive layers")
        _replace_forward(modules[path], functools.partial(_run_in_parts, modules[path], dict(parts)), restoration)


def is_chain(kind: type[nn.Module]) -> bool:
    """Whether modules of a class only call their children, one after the other."""
    return getattr(kind, "forward", None) is nn.Sequential.forward  # a scripted module's class has no forward


def _replace_forward(module: nn.Module, run: Any, restoration: Restoration) -> None:
    """Replace a module's forward by `run`, which receives the original forward and its arguments."""
    own = module.__dict__.get("forward")
    restoration.add(functools.partial(_put_forward_back, module, own))
    module.__dict__["forward"] = functools.partial(run, module.forward)


def _run_in_parts(chain: nn.Module, ends: Mapping[int, int], _: Any, given: Any) -> Any:
    """Run the layers of a Sequential; checkpoint the layers from each key of `ends` to its value."""
    from torch.utils.checkpoint import checkpoint

    layers, place = list(chain.children()), 0
    while place < len(layers):
        end = ends.get(place, place + 1)
        part = functools.partial(_run, layers[place:end])
        given = checkpoint(part, given, use_reentrant=False) if place in ends else part(given)
        place = end
    return given


def _run(layers: Sequence[nn.Module], given: Any) -> Any:
    for layer in layers:
        given = layer(given)
    return given


def _put_forward_back(module: nn.Module, own: object) -> None:
    """Restore a module's own forward attribute, if it had one besides its class's."""
    module.__dict__.pop("forward", None)
    if own is not None:
        module.__dict__["forward"] = own
