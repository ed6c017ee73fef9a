"""Depth: the most weighted layers on any path from an input to an output. Parallel branches count once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archcost.records import INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.records import OpCall, Trace
    from archcost.rules import Work

Weight: TypeAlias = tuple[int, int]


class Flow:
    """Which results depend on the network's inputs, which on parameters alone, and the depth of each result.

    `from_data` are the sources that depend on the network's inputs, and the inputs themselves. `weighted` are the
    operators that are weighted layers: they multiply data with a parameter. `depths` has the depth of every source. Of
    the arguments, `sources` are those of each operator, `products` the operators that multiply and add, even if the
    batch is empty.
    """

    def __init__(
        self,
        trace: Trace,
        sources: Sequence[Sequence[int]],
        works: Sequence[Work],
        products: AbstractSet[int],
        row_of: Mapping[int, int],
    ) -> None:
        inputs = [INPUT - i for i in range(len(trace.inputs))]
        self.from_data = from_data = set(inputs)
        self.depths = depths = dict.fromkeys(inputs, 0)
        self.weighted: set[int] = set()
        self._storages = trace.storages
        self._from_weight: dict[int, Weight] = {}  # the results that depend on parameters alone
        entered: dict[tuple[int, Weight], int] = {}
        recurrent = _recurrent_weights(trace)
        for index, its_sources in enumerate(sources):
            depth, data = 0, False
            for source in its_sources:
                if source in from_data:
                    data = True
                    if depths[source] > depth:
                        depth = depths[source]
            if not data:
                weights = self._weights(trace.ops[index])
                if weights:
                    self._from_weight[index] = weights[0]
            else:
                from_data.add(index)
                if index in products and works[index].layers:
                    weights = self._weights(trace.ops[index])
                    if not recurrent.issuperset(weights):
                        self.weighted.add(index)
                        # The same weight again within one row is recurrence (a later time step), not another layer.
                        place = row_of.get(index, -1), weights[0]
                        if place not in entered:
                            entered[place] = depth + works[index].layers
                        if entered[place] > depth:
                            depth = entered[place]
            depths[index] = depth

    def _weights(self, op: OpCall) -> list[Weight]:
        weights = []
        storages, from_weight = self._storages, self._from_weight
        for spec in op.inputs:
            if storages[spec.storage].kind == "parameter":
                weights.append((spec.storage, spec.offset))
            elif from_weight and spec.sources and spec.sources[-1] in from_weight:  # rare
                found = [from_weight.get(source) for source in spec.sources if source >= 0]
                if found[0] is not None and all(found):
                    weights.append(found[0])
        return weights


def _recurrent_weights(trace: Trace) -> set[Weight]:
    """Return the weights from one time step to the next (`weight_hh_l0`): they add no layer."""
    recurrent = {spec.path for spec in trace.modules if spec.recurrent}
    if not recurrent:
        return set()
    return {
        (tensor.storage, tensor.offset)
        for tensor in trace.params
        if tensor.module in recurrent and "hh" in tensor.name.rpartition(".")[2].split("_")
    }
