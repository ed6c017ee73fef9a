"""The kind of each parameter, by the operators that read it: a weight, a bias, or a normalisation's scale or shift.

A parameter is followed through operators that read only parameters, buffers and constants, to operators that also read
data. There it is

* a weight, if a product (a convolution, a linear layer, a matrix product, attention) multiplies it, or an embedding
  looks it up; a vector only without arithmetic among parameters before (a gain that scales a weight is not a weight);
* not a weight, if a normalisation operator scales or shifts by it, or a hand-written normalisation does
  (`archcost.account.values` describes how one is recognised);
* not a weight, if it is a product's bias: added by the product itself or to its result, and no larger than one element
  for each output of the weight.

A parameter that is a weight anywhere is a weight. All others of two or more dimensions count as weights too, unless
their name contains "bias": a learned scale without normalisation (LayerScale), a position embedding, a class token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.account.arithmetic import combine
from archcost.account.parameters import Held
from archcost.account.values import Data, Found, Made, Value, join, join_made
from archcost.records import TensorSpec
from archcost.rules.work import Contracts, Everything, Mixes, Slides

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence, Set as AbstractSet

    from archcost.records import OpCall, Role, Trace
    from archcost.rules import Sight

ADDED = {"bias", "mask", "norm"}  # words in the names of arguments that a product does not multiply
ADDING = ("aten.add", "aten.baddbmm")  # products that add their first argument
REDUCES = (Mixes, Everything, Slides)


class Kinds:
    """Follows the values of a walk; `found` collects how its operators use parameters.

    `from_data` are the sources that depend on the network's inputs, `products` the operators that multiply and add.
    """

    def __init__(
        self,
        trace: Trace,
        roles: Sequence[Role | None],
        sights: Sequence[Sight],
        products: AbstractSet[int],
        from_data: AbstractSet[int],
    ) -> None:
        self.found = Found()
        self._trace = trace
        self._params = Held(trace.params, trace.storages)
        self._sights = sights
        self._products = products
        self._from_data = from_data
        self._values: dict[int, Value] = {}  # all other results are the roots of new data
        self._kept: dict[tuple[int, int, int], Made] = {}
        for index, op in enumerate(trace.forward):
            role, data = roles[index], index in from_data
            if not data:
                self.found.aside.add(index)
            elif role == "activation":
                continue
            value = self._multiply(op, role, data=data) if index in products else self._follow(op, role, data=data)
            if value is not None:
                self._values[index] = value

    def weights(self) -> set[int]:
        """Return the numbers of the parameters that are weights."""
        found, params = self.found, self._trace.params
        rest = set(range(len(params))).difference(found.weights, found.others)
        return found.weights | {i for i in rest if len(params[i].shape) > 1 and not _is_named_bias(params[i].name)}

    def _follow(self, op: OpCall, role: Role | None, *, data: bool) -> Value | None:
        """Return the value of the result of an operator other than a product; None if it is the root of new data."""
        if role == "normalisation" and data:
            return self._normalise(op)
        values = [self._value(spec) for spec in op.inputs]
        if role == "embedding":
            self._are_weights(values)
        elif role == "elementwise":
            return combine(op, values, self.found)
        if not data or role == "movement":
            return join(values, op.index, plain=role == "movement")
        if len(values) == 1 and role in {"pooling", "other"} and isinstance(self._sights[op.index], REDUCES):
            value = values[0]
            return Data(value.root, value.level + 1, factors=value.factors) if isinstance(value, Data) else None
        return None

    def _multiply(self, op: OpCall, role: Role | None, *, data: bool) -> Made | None:
        """Return the value of a product: an added parameter is a bias; one multiplied with data is a weight."""
        operands: list[Value] = []
        if data and role == "convolution" and not op.inputs[1].sources:  # a shortcut for most products
            self.found.weights.update(self._params.find(op.inputs[1]))
            return None
        for name, spec in _list_arguments(op):
            if spec.sources and self._is_data(spec):
                continue
            value = self._value(spec)
            if isinstance(value, Made):
                if _is_added(op, name, spec, role):
                    self.found.others |= value.params
                else:
                    operands.append(value)
        if data:
            self._are_weights(operands)
            return None
        return join_made([value for value in operands if isinstance(value, Made)])

    def _are_weights(self, values: list[Value]) -> None:
        params = self._trace.params
        for value in values:
            if isinstance(value, Made):
                found = value.params
                self.found.weights |= found if value.plain else {i for i in found if len(params[i].shape) > 1}

    def _normalise(self, op: OpCall) -> Data | None:
        """Return the value of a normalisation operator; if it has no scale or shift, later operators may apply them."""
        affine = False
        for spec in op.inputs[1:]:
            if not spec.sources:  # a shortcut for most scales and shifts
                params: Collection[int] = self._params.find(spec)
            else:
                value = self._value(spec)
                params = value.params if isinstance(value, Made) else ()
            if params:
                affine = True
                self.found.others.update(params)
        return None if affine else Data(op.index, divided=True)

    def _is_data(self, spec: TensorSpec) -> bool:
        return not self._from_data.isdisjoint(spec.sources)

    def _value(self, spec: TensorSpec) -> Value:
        if not spec.sources:
            return self._as_found(spec)
        if len(spec.sources) == 1:
            return self._result(spec.sources[0])
        return join([self._result(source) for source in spec.sources], spec.sources[-1])

    def _result(self, source: int) -> Value:
        """Return the value of an operator's result, or of an input of the network."""
        value = self._values.get(source)
        if value is None:
            columns = self._columns(self._trace.ops[source]) if source in self._products else 0
            value = self._values[source] = Data(source, columns=columns)
        return value

    def _columns(self, op: OpCall) -> int:
        """Return the number of outputs of a product's weight, each with one bias at most; 0 without a weight."""
        sight = self._sights[op.index]
        if isinstance(sight, Slides):
            return op.outputs[0].shape[1]
        if not isinstance(sight, Contracts):
            return 0
        weights = [spec for spec in (op.inputs[sight.first], op.inputs[sight.second]) if not self._is_data(spec)]
        elements = sum(weight.nbytes // self._trace.storages[weight.storage].itemsize for weight in weights)
        return elements // max(op.inputs[sight.first].shape[-1], 1)

    def _as_found(self, spec: TensorSpec) -> Made:
        """Return the value of a parameter, a buffer or a constant that no operator has changed."""
        key = (spec.storage, spec.offset, spec.nbytes)
        found = self._kept.get(key)
        if found is None:
            here = self._params.find(spec)
            found = self._kept[key] = Made(frozenset(here), statistic=not here and spec.elements > 1)
        return found


def _is_named_bias(name: str) -> bool:
    return "bias" in name.rpartition(".")[2].split("_")


def _list_arguments(op: OpCall) -> list[tuple[str, TensorSpec]]:
    """Return the tensors that an operator reads, with the names of its arguments."""
    found = []
    for name, value in op.args.items():
        if isinstance(value, TensorSpec):
            found.append((name, value))
        elif isinstance(value, tuple):
            found += [(name, item) for item in value if isinstance(item, TensorSpec)]
    return found


def _is_added(op: OpCall, name: str, spec: TensorSpec, role: Role | None) -> bool:
    """Whether a product adds an argument or normalises by it, and does not multiply it."""
    if name == "self":
        return op.op.startswith(ADDING)
    return not ADDED.isdisjoint(name.split("_")) or (role == "recurrent" and len(spec.shape) < 2)  # noqa: PLR2004
