"""The packed weights of quantised layers: C++ objects that `parameters()` does not yield."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcost.walk.parts import Parts

# modules that hold such an object and compute nothing: they belong to their parent layer
PACKS = (
    ("torch.ao.nn.quantized.modules.linear", "LinearPackedParams"),
    ("torch.ao.nn.quantized.modules.embedding_ops", "EmbeddingPackedParams"),
    ("torch.ao.nn.quantized.dynamic.modules.rnn", "PackedParameter"),
)


def is_pack(module: nn.Module | None) -> bool:
    """Whether a module only holds packed weights, directly or in its children."""
    if isinstance(module, nn.ModuleList):
        return len(module) > 0 and all(is_pack(child) for child in module)
    return type(module) in _list_pack_kinds()


def _list_pack_kinds() -> set[type[nn.Module] | None]:
    """Return torch's classes of packs that are imported; a network with a pack has imported its class."""
    return {getattr(sys.modules.get(where), name, None) for where, name in PACKS} - {None}


def find_packs(modules: Iterable[nn.Module]) -> frozenset[nn.Module]:
    """Return the modules that only hold packed weights; few networks have any."""
    modules = list(modules)
    if _list_pack_kinds().isdisjoint(map(type, modules)):
        return frozenset()
    return frozenset(module for module in modules if is_pack(module))


def packed_weights(parts: Parts) -> Iterator[tuple[str, Any, int, torch.Tensor]]:
    """Yield the name, the object, the place in the object and the tensor of each packed weight of a network."""
    packs = parts.packs
    if not packs and not parts.attributes.scripted:  # almost always
        return
    for path, layer in parts.modules.items():
        if layer in packs:
            continue
        objects = list(_objects_of(layer))
        for number, packed in enumerate(objects):
            for place, tensor in enumerate(unpack_weights(packed)):
                kind = "weight" if tensor.dim() > 1 else "bias"
                name = f"{kind}_{number}_{place}" if len(objects) > 1 or (kind == "weight" and place) else kind
                yield f"{path}.{name}".lstrip("."), packed, place, tensor


def is_packed(value: Any) -> bool:
    """Whether a C++ object holds the weights of a quantised layer."""
    return "PackedParams" in value._type().name() or value._type().name().startswith("CellParams")


def unpack_weights(packed: Any) -> tuple[torch.Tensor, ...]:
    """Return the weights and biases in a packed object."""
    kind = packed._type().name()
    ops = torch.ops.quantized
    if kind.startswith("CellParams"):
        (_, biases, *_, packs), _ = packed.__getstate__()
        return (*[unpack_weights(pack)[0] for pack in packs], *biases)
    if kind.startswith("Embedding"):
        return (ops.embedding_bag_unpack(packed),)
    if kind.startswith("Linear"):
        weight, bias = ops.linear_unpack(packed)
    else:
        weight, bias = packed.unpack()
    return (weight,) if bias is None else (weight, bias)


def _objects_of(layer: nn.Module) -> Iterator[Any]:
    yield from (value for value in vars(layer).values() if isinstance(value, torch.ScriptObject) and is_packed(value))
    for child in layer._modules.values():
        if child is not None and is_pack(child):
            yield from _objects_of(child)
