"""snapshot(report): the parts of a report that are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.metrics import CONVENTIONS, METRICS, SUMS
from archcost.records import Row, Snapshot

if TYPE_CHECKING:
    from archcost.records import Layer, Report

TOTAL_METRICS = tuple(name for name, metric in METRICS.items() if metric.scope != "layer")


def snapshot(report: Report) -> Snapshot:
    """Return the parts of a report that are compared: every exact integer of its totals and rows."""
    inputs = (
        f"{'' if each.name is None else each.name + '='}{units.shape(each.shape)} {each.dtype}"
        for each in report.network.inputs
    )
    return Snapshot(
        spec=report.network.spec,
        name=report.network.name,
        mode=report.network.mode,
        inputs=tuple(inputs),
        conventions=report.environment.get("conventions", CONVENTIONS),
        totals=_numbers(report.totals, TOTAL_METRICS),
        rows=tuple(_row(layer) for layer in report.layers),
        uncovered=dict(report.uncovered),
        dtypes=report.network.dtypes,
        followed=_find_followed(report),
    )


def _find_followed(report: Report) -> str | None:
    """Return the kind of device that a report follows: the one that meta imitated, or the one that trained."""
    if report.totals.saved_bytes is None:
        return report.environment.get("like")
    device, like = (report.environment.get(name) for name in ("device", "like"))
    return like or (device and device.partition(":")[0])


def _row(layer: Layer) -> Row:
    return Row(
        name=layer.name,
        call=layer.call,
        kind=layer.kind,
        outputs=layer.outputs,
        values=_numbers(layer, SUMS),
    )


def _numbers(record: object, names: tuple[str, ...]) -> dict[str, int]:
    """Return the quantities of a record that are known integers; the largest of a quantity with a value per axis."""
    found = {name: _number(getattr(record, name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _number(value: Any) -> int | None:
    """Return a quantity as one number; None if it is unknown, or unbounded along an axis."""
    if isinstance(value, tuple) and value and all(isinstance(axis, int) for axis in value):
        return int(max(value))
    return value if isinstance(value, int) else None
