"""Assignment of measured intervals to the account's rows: leaf modules by name and call, the rest by position."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archcost.errors import ClockError
from archcost.records import RowTime, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.clock.boundaries import Passes
    from archcost.records import Layer

NOTHING_RAN = "between: (no operator)"


def row_times(passes: Passes, layers: Sequence[Layer], phase_macs: Mapping[str, int]) -> tuple[RowTime, ...]:
    """Return the rows in the order of execution; time between modules without an operator is one row at the end.

    Args:
        passes: the measured passes.
        layers: the rows of the exact account.
        phase_macs: multiply-adds of the phases after the forward pass.

    Raises:
        ClockError: the passes ran other leaf modules than the account.
    """
    assert passes.paths is not None  # noqa: S101 - there was a pass
    leaves = [i for i, layer in enumerate(layers) if _is_leaf(layer)]
    if tuple(layers[i].name for i in leaves) != passes.paths:
        raise ClockError("the network runs other layers when it is timed than when it was counted")
    gaps = _group_between(layers, leaves)
    found: list[RowTime] = []
    idle: list[list[int]] = []
    calls: Counter[str] = Counter()
    for owner, ns in passes.ns.items():
        times = Series(tuple(ns))
        late = owner in passes.behind if passes.judged else None
        if isinstance(owner, str):
            found.append(
                RowTime(
                    name=owner,
                    call=0,
                    kind="",
                    role="phase",
                    layers=(),
                    macs=phase_macs.get(owner, 0),
                    moved_bytes=None,
                    times=times,
                    upper_bound=late,
                )
            )
        elif owner >= 0:
            row = layers[leaves[owner]]
            found.append(_row(row.name, row.call or 0, row.kind, (leaves[owner],), layers, times, late))
        elif gaps[-1 - owner]:
            places = gaps[-1 - owner]
            name = _name_rows([layers[i] for i in places])
            found.append(_row(name, calls[name], "", places, layers, times, late))
            calls[name] += 1
        else:
            idle.append(ns)
    if idle:
        times = Series(tuple(map(sum, zip(*idle, strict=True))))
        found.append(_row(NOTHING_RAN, 0, "", (), layers, times, late=None))
    return tuple(found)


def _is_leaf(layer: Layer) -> bool:
    """Whether a row is the call of a leaf module; an operator's row has a name below its module's."""
    return layer.call is not None and layer.name == layer.module


def _group_between(layers: Sequence[Layer], leaves: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the operators' rows after each number of leaf calls."""
    gaps: list[list[int]] = [[] for _ in range(len(leaves) + 1)]
    passed = 0
    for i, layer in enumerate(layers):
        if passed < len(leaves) and leaves[passed] == i:
            passed += 1
        elif layer.call is not None and not layer.is_input:
            gaps[passed].append(i)
    return [tuple(gap) for gap in gaps]


def _row(
    name: str,
    call: int,
    kind: str,
    places: tuple[int, ...],
    layers: Sequence[Layer],
    times: Series,
    late: bool | None,
) -> RowTime:
    most = max((layers[i] for i in places), key=lambda layer: layer.macs, default=None)
    return RowTime(
        name=name,
        call=call,
        kind=kind,
        role="leaf" if kind else "between",
        layers=places,
        macs=sum(layers[i].macs for i in places),
        moved_bytes=sum(layers[i].read_bytes + layers[i].written_bytes for i in places),
        times=times,
        upper_bound=late,
        work=None if most is None else most.role,
    )


def _name_rows(rows: Sequence[Layer]) -> str:
    """Name the rows between two modules: "between: layer1.0 (add)"."""
    modules = ", ".join(dict.fromkeys(row.module for row in rows if row.module))
    operators = ", ".join(dict.fromkeys(row.kind for row in rows))
    return f"between: {modules} ({operators})" if modules else f"between: ({operators})"
