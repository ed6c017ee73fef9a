"""The arguments of operators: their descriptions, and what they say about the form of the results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from archcost.errors import WalkError
from archcost.walk.packed import is_packed, unpack_weights
from archcost.walk.schema import PLAIN_TYPES, Schema, describe_constant
from archcost.walk.shapes.results import as_on_cpu
from archcost.walk.tensors import PLAIN_TENSORS

if TYPE_CHECKING:
    from archcost.records import TensorSpec
    from archcost.walk.repeats import Call
    from archcost.walk.storages import Storages

PLAIN = frozenset(PLAIN_TYPES)


class Operands:
    """Describes the arguments of operators; `packed` are the network's packed weights, by object and place in it."""

    def __init__(self, storages: Storages) -> None:
        self._storages = storages
        self.packed: dict[tuple[int, int], TensorSpec] = {}

    def describe(
        self, func: Any, schema: Schema, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[dict[str, Any], list[TensorSpec], Call]:
        """Return the arguments of a call by name, with tensors as descriptions; the descriptions; the call's form."""
        described, describe, storages = schema.defaults.copy(), self._storages.describe, self._storages.seen
        inputs: list[TensorSpec] = []
        form: Call = [id(func), as_on_cpu.get()]
        for name, value in zip(schema.names, args, strict=False):
            kind = type(value)
            if kind in PLAIN:
                described[name] = value
                form.append(value)
            elif kind in PLAIN_TENSORS:
                described[name] = spec = describe(value)
                inputs.append(spec)
                storage = storages[spec.storage]
                if storage.meta and storage.spec is spec:
                    form.append(storage.place)
                else:
                    form[0] = 0
            elif kind is list and PLAIN.issuperset(map(type, value)):  # strides, sizes
                described[name] = numbers = tuple(value)
                form.append(numbers)
            else:
                described[name] = self._argument(value, inputs)
                form[0] = 0
        for name, value in kwargs.items():
            if type(value) in PLAIN:
                described[name] = value
                form += name, value
            else:
                described[name] = self._argument(value, inputs)
                form[0] = 0
        return described, inputs, form

    def _argument(self, value: Any, inputs: list[TensorSpec]) -> Any:
        if type(value) is list and PLAIN.issuperset(map(type, value)):
            return tuple(value)
        if isinstance(value, torch.Tensor):
            spec = self._storages.describe(value)
            inputs.append(spec)
            return spec
        if isinstance(value, (list, tuple)):
            return tuple([item if type(item) in PLAIN else self._argument(item, inputs) for item in value])
        if isinstance(value, torch.ScriptObject) and is_packed(value):
            specs = self._describe_packed(value)
            inputs += specs
            return specs
        if isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool):
            raise WalkError(f"a size of the network is symbolic ({value}); archcost counts networks of fixed sizes")
        return describe_constant(value)

    def _describe_packed(self, packed: Any) -> tuple[TensorSpec, ...]:
        """Describe the weights in a packed object, which a layer holds or the forward has created."""
        with torch._C._DisableTorchDispatch():
            tensors = unpack_weights(packed)
            return tuple(
                [
                    self.packed.get((hash(packed), place)) or self._storages.describe(tensor)
                    for place, tensor in enumerate(tensors)
                    if tensor.dim() > 1
                ]
            )
