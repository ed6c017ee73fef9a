"""Depth: the most weighted layers on any path from an input to an output. Parallel branches count once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import OpCall, Trace
    from archcost.rules import Work

Weight: TypeAlias = tuple[int, int]


class Flow:
    """Which results depend on the network's inputs, which on parameters alone, and the depth of each result.

    `from_data[i]` is true if operator i depends on the inputs, `weighted[i]` if it is a weighted layer: it multiplies
    data with a parameter. `products` marks the operators that multiply and add, even if the batch is empty.
    """

    def __init__(
        self, trace: Trace, works: Sequence[Work], products: Sequence[bool], row_of: Mapping[int, int]
    ) -> None:
        self._storages = trace.storages
        self._from_weight: list[Weight | None] = []
        self.depths: list[int] = []
        self.weighted: list[bool] = []
        self.from_data: list[bool] = []
        from_data, depths = self.from_data, self.depths
        entered: dict[tuple[int, Weight], int] = {}
        recurrent = _recurrent_weights(trace)
        for op, work, product in zip(trace.ops, works, products, strict=True):
            below, data = 0, False
            for spec in op.inputs:
                for source in spec.sources:
                    if source < 0:
                        data = True
                        continue
                    data = data or from_data[source]
                    below = max(below, depths[source])
            depth, weighted, from_weight = below, False, None
            if not data:
                weights = self._weights(op)
                from_weight = weights[0] if weights else None
            elif product and work.layers and op.phase == "forward":
                weights = self._weights(op)
                if not recurrent.issuperset(weights):
                    weighted = True
                    # The same weight again within one row is recurrence (a later time step), not another layer.
                    first = entered.setdefault((row_of.get(op.index, -1), weights[0]), below + work.layers)
                    depth = max(below, first)
            from_data.append(data)
            self._from_weight.append(from_weight)
            depths.append(depth)
            self.weighted.append(weighted)

    def _weights(self, op: OpCall) -> list[Weight]:
        weights = []
        for spec in op.inputs:
            if self._storages[spec.storage].kind == "parameter":
                weights.append((spec.storage, spec.offset))
            elif spec.sources and spec.sources[-1] >= 0 and self._from_weight[spec.sources[-1]]:  # rare
                found = [self._from_weight[source] for source in spec.sources if source >= 0]
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
