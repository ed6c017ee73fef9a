"""The curves over batch sizes: peak memory from walks, and times, memory and power from measurements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.charts.request import NO_TIME, Chart
from archcost.comparison.compare import list_failures
from archcost.errors import ArchcostError, ArgumentError
from archcost.profiling.many import profile_many
from archcost.records import Curve, Failure, Missing
from archcost.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.charts.request import Request
    from archcost.records import MeasuredTime, Report


def gather_memory_curves(request: Request) -> Chart:
    """Walk every network at every batch size in this process: starting other processes takes longer than the walks."""
    points: dict[Any, list[tuple[int, float]]] = {spec: [] for spec in request.specs}
    lost: dict[str, Missing] = {}
    names: dict[Any, str] = {}
    for batch in request.batches:
        found = profile_many(
            request.specs, keep=_read_peak, jobs=request.jobs or 1, progress=request.progress, batch=batch,
            train=request.train, like=request.like, inputs=request.inputs,
        )  # fmt: skip
        for missing in list_failures(found):
            lost[missing.spec] = replace(missing, reason=f"at a batch of {batch}: {missing.reason}")
        for spec, peak in zip(request.specs, found, strict=True):
            if not isinstance(peak, Failure):
                names[spec], nbytes = peak
                points[spec].append((batch, nbytes))
    curves = [
        Curve(name=names[spec], points=tuple(points[spec]), spec=spec if isinstance(spec, str) else names[spec])
        for spec in points
        if points[spec]
    ]
    return Chart(data=curves, options={"remark": request.mode}, left_out=tuple(lost.values()))


def _read_peak(report: Report) -> tuple[str, int]:
    totals = report.totals
    return report.network.name, totals.peak_training_bytes or totals.peak_inference_bytes or 0


def _read_image_time(time: MeasuredTime) -> float:
    """Return the time of one image, which compares between batches."""
    return time.seconds / time.batch


def gather_measured_curves(
    request: Request, *, read: Callable[[MeasuredTime], float | None] = _read_image_time, missing: str = NO_TIME
) -> Chart:
    """Return the measurements of every batch size.

    Figures of two devices or dtypes are two lines; their names end with the difference.
    """
    measured = [time for time in request.times if read(time) is not None]
    specs = request.specs or tuple(dict.fromkeys(time.network for time in measured))
    chosen = [time for time in measured if time.network in specs]
    lines: dict[tuple[str, str, str], list[MeasuredTime]] = {}
    for time in sorted(chosen, key=lambda time: (specs.index(time.network), time.batch)):
        lines.setdefault((time.network, time.place, time.setting), []).append(time)
    found = {spec for spec, _, _ in lines}
    lost = tuple(Missing(spec=spec, reason="no measurement of it is given") for spec in specs if spec not in found)
    curves = [
        Curve(
            name=", ".join(filter(None, (_find_title(spec), _tell_apart(times[0], chosen)))),
            points=tuple((time.batch, read(time) or 0) for time in times),
            spec=spec,
            times=tuple(times),
        )
        for (spec, _, _), times in lines.items()
    ]
    if not curves:
        raise ArgumentError(missing)
    return Chart(data=curves, left_out=lost)


def _tell_apart(time: MeasuredTime, times: Sequence[MeasuredTime]) -> str:
    """Return the parts of a time's place and setting that differ between the times."""
    common = set.intersection(*(set(_list_parts(other)) for other in times))
    return ", ".join(part for part in _list_parts(time) if part not in common)


def _list_parts(time: MeasuredTime) -> list[str]:
    return [time.place or "a device that is not named", *filter(None, time.setting.split(", "))]


def _find_title(spec: str) -> str:
    """Return a network's title; if the network is no longer available, its name in the table of times."""
    try:
        return resolve(spec).name
    except ArchcostError:
        return spec
