"""The walk on a real device beside the walk on meta, row by row; both must count the same."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError
from archcost.metrics import METRICS
from archcost.profiling.profile import profile_network
from archcost.records import WalkPlan
from archcost.records.opinions import RowDifference, Walks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.profiling.feed import Feed
    from archcost.records import Layer, Report
    from archcost.sources import Network

LAYER = tuple(name for name, metric in METRICS.items() if metric.scope != "total" and name != "intensity")
TOTAL = tuple(name for name, metric in METRICS.items() if metric.scope == "total")
MISSING = "(no such row)"


def compare_walks(network: Network, feed: Feed, there: Report) -> Walks:
    """Walk a network on meta as on the device of a report, and compare them."""
    device = there.environment["device"]
    try:
        meta = profile_network(network, feed, WalkPlan().on_meta_as_on(device))
    except ArchcostError as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        return Walks(device=device, rows=len(there.layers), differences=(), failure=reason)
    found = (
        *_compare_layers(meta.layers, there.layers),
        *_compare("(whole network)", TOTAL, meta.totals, there.totals),
    )
    return Walks(device=device, rows=len(there.layers), differences=found)


def _compare_layers(meta: Sequence[Layer], there: Sequence[Layer]) -> Iterator[RowDifference]:
    """Yield the differences of rows in the order of execution, and the rows that only one walk has."""
    keys, keys_there = ([(row.name, row.call, row.kind) for row in rows] for rows in (meta, there))
    found = SequenceMatcher(None, keys, keys_there, autojunk=False).get_opcodes()
    for what, begin, end, begin_there, end_there in found:
        if what == "equal":
            for one, other in zip(meta[begin:end], there[begin_there:end_there], strict=True):
                yield from _compare(_name_row(one), LAYER, one, other)
            continue
        for row in meta[begin:end]:
            yield RowDifference(row=_name_row(row), quantity="row", meta=row.kind, there=MISSING)
        for row in there[begin_there:end_there]:
            yield RowDifference(row=_name_row(row), quantity="row", meta=MISSING, there=row.kind)


def _name_row(row: Layer) -> str:
    return f"{row.name} #{row.call}" if row.call else row.name or row.kind


def _compare(name: str, quantities: Sequence[str], meta: Any, there: Any) -> Iterator[RowDifference]:
    for quantity in quantities:
        one, other = getattr(meta, quantity), getattr(there, quantity)
        if one != other:
            yield RowDifference(row=name, quantity=quantity, meta=_spell(one), there=_spell(other))


def _spell(value: Any) -> int | str | None:
    return value if value is None or isinstance(value, int) else str(value)
