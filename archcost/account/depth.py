"""Depth: the most weighted layers on any path from an input to an output. Parallel branches count once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archcost.records import INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.records import Trace
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
        self._trace = trace
        self._row_of = row_of
        self._recurrent = _recurrent_weights(trace)
        self._from_weight: dict[int, Weight] = {}  # the results that depend on parameters alone
        self._entered: dict[tuple[int, Weight], int] = {}  # the depth of each weighted layer, by row and weight
        inputs = [INPUT - i for i in range(len(trace.inputs))]
        self.from_data = from_data = set(inputs)
        self.depths = depths = dict.fromkeys(inputs, 0)
        self.weighted: set[int] = set()
        for index, its_sources in enumerate(sources):
            depth, data = 0, False
            for source in its_sources:
                if source in from_data:
                    data = True
                    if depths[source] > depth:  # noqa: PLR1730 - quicker than `max`
                        depth = depths[source]
            if data:
                from_data.add(index)
                if index in products and works[index].layers:
                    depth = self._enter(index, depth, works[index].layers)
            else:
                weights = self._list_weights(index)
                if weights:
                    self._from_weight[index] = weights[0]
            depths[index] = depth

    def _enter(self, index: int, depth: int, layers: int) -> int:
        """Return the depth of a product's result, which is deeper than its operands if the product is a layer."""
        weights = self._list_weights(index)
        if self._recurrent.issuperset(weights):
            return depth
        self.weighted.add(index)
        # The same weight again within one row is recurrence (a later time step), not another layer.
        place = self._row_of.get(index, -1), weights[0]
        entered = self._entered.setdefault(place, depth + layers)
        return entered if entered > depth else depth  # noqa: FURB136 - quicker than `max`

    def _list_weights(self, index: int) -> list[Weight]:
        weights = []
        storages, from_weight = self._trace.storages, self._from_weight
        for spec in self._trace.ops[index].inputs:
            if storages[spec.storage].kind == "parameter":
                weights.append((spec.storage, spec.offset))
                if not self._recurrent:
                    break  # only the first matters
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
