"""A module of a network as a separate network: "resnet50::conv3_x.0" runs on the input that it gets inside ResNet-50.

The network runs with batch sizes 2 and 3 up to the module's first call; the axis that grows is the batch.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError, BuildError, closest, first_line
from archcost.sources.assemble import assemble
from archcost.sources.choose import WORDS, wants_words
from archcost.sources.inputs import InputSpec
from archcost.sources.network_inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from archcost.sources.network import Network

BATCHES = (2, 3)
ATTEMPTS = (("meta", False), ("meta", True), ("cpu", False), ("cpu", True))  # auxiliary classifiers need training


class _ReachedError(Exception):
    """The module was called, so the run can stop."""


def take_part(whole: Network, path: str) -> Network:
    """Return a module of a network; its inputs are found on first use."""

    @cache
    def describe(specs: tuple[InputSpec, ...]) -> Inputs:
        given = specs or _choose(whole)
        try:
            return _find_inputs(whole, path, given)
        except BuildError as error:
            if specs or not wants_words(given, error):
                raise
        return _find_inputs(whole, path, (WORDS,))

    return replace(
        whole,
        name=f"{whole.name}: {path}",
        build=lambda: _find_module(whole.build(), path, whole),
        notes=(),
        training_inputs=(),
        choose=None,
        fits=None,
        describe=describe,
    )


def list_modules(whole: Network) -> tuple[str, ...]:
    """Return the paths of a network's modules in the network's order."""
    return tuple(path for path, _ in _build(whole, "meta").named_modules() if path)


def _choose(whole: Network) -> tuple[InputSpec, ...]:
    """Return the inputs that a network describes, or else its defaults."""
    choice = None if whole.choose is None else whole.choose(_build(whole, "meta"))
    return whole.inputs if choice is None else choice.inputs


def _find_module(network: nn.Module, path: str, whole: Network) -> nn.Module:
    modules: dict[str, nn.Module] = dict(network.named_modules(remove_duplicate=False))
    if path and path in modules:
        return modules[path]
    parent = path
    while parent and parent not in modules:
        parent = parent.rpartition(".")[0]
    inside = [name for name, _ in modules[parent].named_children()]
    there = f"{parent or 'the network'} has {', '.join(inside[:8])}{', ...' if len(inside) > 8 else ''}"  # noqa: PLR2004
    hint = closest(path, filter(None, modules), there if inside else f"{parent} has no modules of its own")
    raise ArgumentError(f"{_name(whole)} has no module {path!r}; {hint}")


def _name(whole: Network) -> str:
    """Return the name of the whole network."""
    return whole.spec.partition("::")[0]


def _build(whole: Network, device: str) -> nn.Module:
    import torch

    with torch.device(device):
        return whole.build()


def _find_inputs(whole: Network, path: str, specs: tuple[InputSpec, ...]) -> Inputs:
    """Run a network until it calls a module, and describe the arguments of the call."""
    failed: Exception | None = None
    ran = False
    for device, trains in ATTEMPTS:
        try:
            network = _build(whole, device).train(trains)
            module = _find_module(network, path, whole)
            calls = [_catch_call(network, module, specs, device, batch) for batch in BATCHES]
        except ArchcostError:
            raise
        except Exception as error:  # noqa: BLE001 - a network may raise anything, on meta above all
            failed = None if ran else failed or error
            continue
        failed, ran = None, True
        if None not in calls:
            return _describe_call(calls, f"{path} of {_name(whole)}")
    name = _name(whole)
    if failed is not None:
        reason = f"{type(failed).__name__}: {first_line(failed)}"
        raise BuildError(
            f"{name} fails before it calls {path}: {reason}; --input describes the input of the whole network"
        )
    inside = [f"{name}::{path}.{child}" for child, _ in module.named_children()]
    hint = f"; name a module inside: {', '.join(inside[:4])}" if inside else ""
    raise ArgumentError(f"{name} never calls {path}, so its input is not known{hint}")


def _catch_call(
    network: nn.Module, module: nn.Module, specs: tuple[InputSpec, ...], device: str, batch: int
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    import torch

    from archcost.indices import WholeIndices

    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def stop(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        calls.append((args, kwargs))
        raise _ReachedError

    args, kwargs = assemble(specs, batch, lambda spec: spec.make(batch, device))
    hook = module.register_forward_pre_hook(stop, with_kwargs=True)
    try:
        with torch.no_grad(), torch.device(device), WholeIndices():  # type: ignore[no-untyped-call]
            network(*args, **kwargs)
    except Exception:
        if not calls:
            raise
    finally:
        hook.remove()
    return calls[0] if calls else None


def _describe_call(calls: Sequence[Any], what: str) -> Inputs:
    import torch
    from torch.utils import _pytree as pytree

    (leaves, form), (others, _) = map(pytree.tree_flatten, calls)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    for leaf in leaves:
        if not isinstance(leaf, torch.Tensor | int | float | str | Enum | torch.dtype | torch.device | None):
            raise ArgumentError(f"{what} takes a {type(leaf).__name__}, which archcost cannot make; name a part of it")
    specs = tuple(_describe_tensor(leaves[i], others[i], what) for i in places)
    args, kwargs = calls[0]
    if len(places) == len(leaves) == len(args) + len(kwargs):
        names = (None,) * len(args) + tuple(kwargs)
        return Inputs(tuple(replace(spec, name=name) for spec, name in zip(specs, names, strict=True)))

    def arrange(tensors: Sequence[Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        filled = dict(zip(places, tensors, strict=True))
        call = pytree.tree_unflatten([filled.get(i, leaf) for i, leaf in enumerate(constants)], form)
        return call[0], call[1]

    constants = [None if i in places else leaf for i, leaf in enumerate(leaves)]
    return Inputs(specs, arrange)


def _describe_tensor(tensor: Tensor, other: Tensor, what: str) -> InputSpec:
    """Describe one of a call's tensors by its shapes in the two batches."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    shape, larger = tuple(tensor.shape), tuple(other.shape)
    if shape == larger:
        return InputSpec(shape=shape, dtype=dtype, rows=0)
    rows, rest = divmod(shape[0], BATCHES[0])
    if rest or larger != (rows * BATCHES[1], *shape[1:]):
        raise ArgumentError(
            f"{what} takes {'x'.join(map(str, shape))} of {BATCHES[0]} images and {'x'.join(map(str, larger))} of "
            f"{BATCHES[1]}; archcost creates inputs whose first axis alone grows with the batch: name a part before it"
        )
    return InputSpec(shape=shape[1:], dtype=dtype, rows=rows)
