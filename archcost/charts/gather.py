"""gather(kind, specs) -> Chart: the data of a chart, and the networks that it cannot show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from archcost.charts.datasets import find_dataset, spell_others
from archcost.charts.kinds import find_kind
from archcost.comparison.accuracy import find_accuracy, list_protocols, list_variants, read_published
from archcost.comparison.compare import EVERYTHING, compare, list_failures
from archcost.comparison.published import ANY, is_published, read_conditions
from archcost.comparison.tables import yield_rows
from archcost.comparison.times import index_times
from archcost.errors import ArchcostError, ArgumentError, UsageError, closest
from archcost.profiling.many import profile_many
from archcost.records import Curve, Done, Failure, Missing, Winner
from archcost.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from archcost.comparison.choosing import Choice
    from archcost.records import Accuracy, Comparison, MeasuredTime, Report
    from archcost.sources import InputSpec

NO_TIME = (
    "this chart needs measured times: give --times FILE, a CSV with network, batch and seconds, as "
    "`archcost time NET --batch 1,2,4 -o times.csv` writes it"
)
NOT_MEASURED = (
    "this chart needs measured {}: give --times FILE, a CSV with network, batch, seconds and {}, as "
    "`archcost time NET --device cuda --batch 1,2,4 -o times.csv` writes it on a GPU"
)
BATCHES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of a chart besides its kind.

    `specs` holds names; charts that only need a walk also take networks. `accuracies` holds the user's own figures,
    which take precedence over published ones; `dataset` is the data set of the accuracies, None for the most common one
    among the networks; `times` holds measured times of a forward pass. `choice` selects networks, and decides whether
    published ones run. Charts of memory take `batches`, `train` (an optimizer) and `like`, the device to follow. Charts
    without accuracies take `inputs`, None for each network's default; `device` is the device that times rows. `jobs` is
    the number of processes, None for a suitable one; `progress` is called with each finished spec.
    """

    specs: tuple[Any, ...] = ()
    protocol: str = "single-crop"
    dataset: str | None = None
    accuracies: tuple[Accuracy, ...] = ()
    times: tuple[MeasuredTime, ...] = ()
    choice: Choice = EVERYTHING
    batches: tuple[int, ...] = BATCHES
    batch: int = 1
    train: str | None = None
    like: str | None = None
    inputs: tuple[InputSpec, ...] | None = None
    device: str = "auto"
    jobs: int | None = None
    progress: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The data and options for `archcost.charts.draw`, and the networks that were left out."""

    data: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[Missing, ...] = ()


def gather(kind: str, request: Request) -> Chart:
    """Return the data of a chart.

    Raises:
        ArgumentError: the kind or protocol is unknown, or the chart needs measured times and has none.
    """
    return _GATHERERS[find_kind(kind).data](request)


def count_steps(kind: str, request: Request) -> int:
    """Return the largest number of walks for a chart, and so of calls of `progress`."""
    return len(request.specs) * (len(request.batches) if find_kind(kind).data == "memory curves" else 1)


def _gather_accuracies(request: Request) -> Chart:
    """Compare only the networks with an accuracy for the most common data set."""
    table = (*request.accuracies, *read_published())
    shipped = _list_shipped(request)
    _check_dataset(request.dataset, table)
    first = {
        spec: find_accuracy(spec, table, protocol=request.protocol, side=None)
        for spec in request.specs
        if spec not in shipped
    }
    dataset = request.dataset or ("ImageNet" if shipped else find_dataset(first.values()))
    figures = {
        spec: find_accuracy(spec, table, protocol=request.protocol, side=None, dataset=dataset) or figure
        for spec, figure in first.items()
    }
    shown = [spec for spec, figure in figures.items() if figure and figure.dataset == dataset]
    found = compare(
        (*shipped, *shown),
        protocol=request.protocol,
        dataset=dataset,
        accuracies=request.accuracies,
        seconds=_list_seconds(request),
        jobs=request.jobs,
        progress=request.progress,
        choice=request.choice,
        batch=request.batch,
    )
    _check_shipped(found, shipped, request)
    silent = {row.spec for row in found.rows if row.accuracy is None or row.accuracy.top1 is None}
    silent |= {spec for spec, figure in figures.items() if figure is None}
    odd = {spec: figure.dataset for spec, figure in figures.items() if figure and figure.dataset != dataset}
    lost = [
        Missing(spec=spec, reason=_explain_missing(spec, table, request.protocol)) for spec in figures if spec in silent
    ]
    rows = tuple(row for row in found.rows if row.spec not in silent)
    left_out = (*found.failures, *lost, *_explain_odd(odd, dataset))
    return Chart(data=replace(found, rows=rows), options=_say_others(odd), left_out=left_out)


def keep_comparable(found: Comparison, dataset: str | None) -> Chart:
    """Return the data of a chart of accuracies from a finished comparison.

    Raises:
        ArgumentError: no network of the comparison has an accuracy for the data set.
    """
    known = {row.spec: row.accuracy for row in found.rows if row.accuracy and row.accuracy.top1 is not None}
    _check_dataset(dataset, known.values())
    dataset = dataset or find_dataset(known.values())
    odd = {spec: figure.dataset for spec, figure in known.items() if figure.dataset != dataset}
    lost = [Missing(spec=row.spec, reason="it has no top-1 accuracy") for row in found.rows if row.spec not in known]
    rows = tuple(row for row in found.rows if row.spec in known and row.spec not in odd)
    left_out = (*found.failures, *lost, *_explain_odd(odd, dataset))
    return Chart(data=replace(found, rows=rows), options=_say_others(odd), left_out=left_out)


def _check_dataset(name: str | None, figures: Iterable[Accuracy]) -> None:
    known = dict.fromkeys(figure.dataset for figure in figures)
    if name is not None and name not in known:
        hint = closest(name, known, f"there are {', '.join(known)}")
        raise ArgumentError(f"no accuracy for the data set {name!r} is known; {hint}")


def _explain_odd(odd: Mapping[str, str], dataset: str) -> list[Missing]:
    return [
        Missing(spec=spec, reason=f"its accuracy is for {other}, the chart's for {dataset}")
        for spec, other in odd.items()
    ]


def _say_others(odd: Mapping[str, str]) -> Mapping[str, str]:
    """Add a remark to the chart with the number of networks that its axis cannot show."""
    return {"remark": spell_others(Counter(odd.values()))} if odd else {}


def _list_shipped(request: Request) -> tuple[str, ...]:
    """Return the specs of published networks, which do not run."""
    return tuple(spec for spec in request.specs if request.choice and is_published(spec))


def _check_shipped(found: Comparison, shipped: Sequence[str], request: Request) -> None:
    """Refuse a choice that leaves no network.

    Raises:
        ArgumentError: no network is left.
    """
    if shipped and not found.rows:
        seen = "" if request.choice.pretraining == ANY else "; --pretraining any takes weights that saw other data, too"
        raise ArgumentError(f"no published network of {', '.join(shipped)} meets the choice{seen}")


def _explain_missing(spec: str, table: Sequence[Accuracy], protocol: str) -> str:
    others = list_protocols(spec, table)
    variants = list_variants(spec, table, protocol=protocol)
    hint = f"there is {', '.join(others)}" if others else "--accuracy FILE adds yours"
    if variants and not others:
        verb = "has" if len(variants) == 1 else "have"
        hint = f"{', '.join(variants)} {verb} one: --accuracy-of {spec}={variants[0]} takes it"
    return f"no {protocol} top-1 accuracy at its input is known; {hint}"


def _gather_timed_accuracies(request: Request) -> Chart:
    if _list_shipped(request) and not request.times:
        _check_named_device(request)
        return _gather_accuracies(request)
    timed, lost = _select_timed(request)
    made = _gather_accuracies(timed)
    return replace(made, data=_add_times(made.data, timed), left_out=(*lost, *made.left_out))


def _gather_times(request: Request) -> Chart:
    shipped = _list_shipped(request)
    if shipped and not request.times:
        _check_named_device(request)
        found = compare(shipped, choice=request.choice)
        _check_shipped(found, shipped, request)
        return Chart(data=found)
    timed, lost = _select_timed(request)
    found = compare(
        timed.specs, seconds=_list_seconds(timed), jobs=timed.jobs, progress=timed.progress, batch=timed.batch
    )  # fmt: skip
    return Chart(data=_add_times(found, timed), left_out=(*lost, *found.failures))


def _check_named_device(request: Request) -> None:
    """Check that the times of published networks can be shown.

    Raises:
        ArgumentError: the request does not name the device on which they were measured.
    """
    if request.choice.device is None:
        raise ArgumentError(f"{NO_TIME}; published networks have times on --device-name {', '.join(read_conditions())}")


def _list_seconds(request: Request) -> Mapping[tuple[str, int], float]:
    return {(time.network, time.batch): time.seconds for time in request.times}


def _add_times(found: Comparison, request: Request) -> Comparison:
    """Return a comparison whose rows hold the conditions of their times."""
    times = {time.network: time for time in request.times if time.batch == request.batch}
    return replace(found, rows=tuple(replace(row, time=times.get(row.spec)) for row in found.rows))


def _select_timed(request: Request) -> tuple[Request, list[Missing]]:
    """Leave out networks without a measured time.

    Raises:
        ArgumentError: none of the networks has a measured time.
        TableError: the times come from several devices or methods and do not compare.
    """
    if not request.times:
        raise ArgumentError(NO_TIME)
    having = {time.network for time in request.times if time.batch == request.batch}
    lost = [
        Missing(spec=spec, reason=f"no measured time at a batch of {request.batch} is given")
        for spec in request.specs
        if spec not in having
    ]
    specs = tuple(spec for spec in request.specs if spec in having)
    index_times((time for time in request.times if time.network in specs and time.batch == request.batch), "--times")
    return replace(request, specs=specs), lost


def _gather_memory_curves(request: Request) -> Chart:
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
    return Chart(data=curves, options=_say_done(request), left_out=tuple(lost.values()))


def _say_done(request: Request) -> Mapping[str, str]:
    """Return the mode of the networks for a headline."""
    return {"remark": f"training with {request.train}" if request.train else "inference"}


def _read_peak(report: Report) -> tuple[str, int]:
    totals = report.totals
    return report.network.name, totals.peak_training_bytes or totals.peak_inference_bytes or 0


def _read_image_time(time: MeasuredTime) -> float:
    """Return the time of one image, which compares between batches."""
    return time.seconds / time.batch


def _gather_measured_curves(
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


def _gather_reports(request: Request, *, timeline: bool = False) -> Chart:
    found = profile_many(
        request.specs,
        jobs=request.jobs,
        progress=request.progress,
        batch=request.batch,
        train=request.train,
        like=request.like,
        inputs=request.inputs,
        timeline=timeline,
    )
    return Chart(data=[report for report in found if not isinstance(report, Failure)], left_out=list_failures(found))


def _gather_timed_reports(request: Request) -> Chart:
    """Time the networks one after the other in this process: parallel processes would slow each other down."""
    from archcost.profiling.profile import profile

    found, lost = [], []
    for spec in request.specs:
        try:
            found.append(profile(spec, request.inputs, batch=request.batch, device=request.device, time=True))
            done = Done(spec)
        except ArchcostError as error:
            lost.append(Missing(spec=spec, reason=str(error), failed=not isinstance(error, UsageError)))
            done = Done(spec, failed=True)
        if request.progress is not None:
            request.progress(done)
    return Chart(data=found, left_out=tuple(lost))


def _gather_timelines(request: Request) -> Chart:
    return replace(_gather_reports(request, timeline=True), options=_say_done(request))


def _gather_winners(request: Request) -> Chart:
    if request.specs:
        raise ArgumentError("error-year shows the challenge's winners; it takes no network")
    text = files("archcost").joinpath("data/challenge.csv").read_text(encoding="utf-8")
    columns = ("year", "network", "top5_error", "split", "depth", "place", "protocol", "source")
    winners = [
        Winner(
            year=int(row.text("year")),
            network=row.text("network"),
            top5_error=float(row.text("top5_error")),
            depth=int(row.text("depth")),
            place=int(row.text("place")),
            protocol=row.text("protocol"),
            source=row.text("source"),
        )
        for row in yield_rows(text, "challenge.csv", columns)
        if row.text("place")
    ]
    return Chart(data=winners)


_GATHERERS: Mapping[str, Callable[[Request], Chart]] = {
    "accuracies": _gather_accuracies,
    "timed accuracies": _gather_timed_accuracies,
    "times": _gather_times,
    "memory curves": _gather_memory_curves,
    "time curves": _gather_measured_curves,
    "allocation curves": partial(
        _gather_measured_curves,
        read=lambda time: time.peak_bytes,
        missing=NOT_MEASURED.format("memory", "peak_allocated_bytes"),
    ),
    "power curves": partial(
        _gather_measured_curves, read=lambda time: time.watts, missing=NOT_MEASURED.format("power", "watts")
    ),
    "reports": _gather_reports,
    "timed reports": _gather_timed_reports,
    "timelines": _gather_timelines,
    "winners": _gather_winners,
}
