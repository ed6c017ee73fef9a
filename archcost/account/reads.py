"""What each operator of the forward pass reads: storages, their bytes, and the sources of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import TensorSpec, Trace


class Reads:
    """What all operators read.

    For operator i, `sources[i]` are the sources of its arguments in their order, and `nbytes[i]` the bytes of its
    arguments; a part of a storage counts once. `storages` are the storages that any operator reads, `rows` the first
    row that reads each of them.
    """

    def __init__(self, trace: Trace, row_of: Mapping[int, int]) -> None:
        self.sources: list[tuple[int, ...]] = []
        self.nbytes: list[int] = []
        self.rows: dict[int, int] = {}
        self.storages: set[int] = set()
        rows, storages = self.rows, self.storages
        for index, op in enumerate(trace.forward):
            sources: tuple[int, ...] = ()
            inputs, numbers, total, row = op.inputs, [], 0, row_of.get(index)
            for spec in inputs:
                storage, nbytes, origins = spec.storage, spec.nbytes, spec.sources
                numbers.append(storage)
                total += nbytes
                if origins:
                    sources += origins
                if storage not in rows:
                    storages.add(storage)
                    if row is not None:
                        rows[storage] = row
            self.sources.append(sources)
            distinct = len(inputs) == 1 or len(set(numbers)) == len(numbers)  # almost always
            self.nbytes.append(total if distinct else _sum_distinct(inputs))


def _sum_distinct(specs: tuple[TensorSpec, ...]) -> int:
    """Return the bytes of tensors without those that are the same part of the same storage as another."""
    return sum({(spec.storage, spec.offset, spec.shape): spec.nbytes for spec in specs}.values())
