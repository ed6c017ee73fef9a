"""gather(kind, specs) -> Chart: the data of a chart, and the networks that it cannot show."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from archcost.charts.datasets import find_dataset, spell_others
from archcost.charts.gather_curves import gather_measured_curves, gather_memory_curves
from archcost.charts.kinds import find_kind
from archcost.charts.request import NO_TIME, NOT_MEASURED, Chart
from archcost.comparison.accuracy import find_accuracy, list_protocols, list_variants, read_published
from archcost.comparison.compare import compare, list_failures
from archcost.comparison.published import ANY, is_published, read_conditions
from archcost.comparison.tables import yield_rows
from archcost.comparison.times import index_times
from archcost.errors import ArchcostError, ArgumentError, UsageError, closest
from archcost.profiling.many import profile_many
from archcost.records import Done, Failure, Missing, Winner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from archcost.charts.request import Request
    from archcost.records import Accuracy, Comparison


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
    return replace(_gather_reports(request, timeline=True), options={"remark": request.mode})


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
    "memory curves": gather_memory_curves,
    "time curves": gather_measured_curves,
    "allocation curves": partial(
        gather_measured_curves,
        read=lambda time: time.peak_bytes,
        missing=NOT_MEASURED.format("memory", "peak_allocated_bytes"),
    ),
    "power curves": partial(
        gather_measured_curves, read=lambda time: time.watts, missing=NOT_MEASURED.format("power", "watts")
    ),
    "reports": _gather_reports,
    "timed reports": _gather_timed_reports,
    "timelines": _gather_timelines,
    "winners": _gather_winners,
}
