"""compare(specs) -> Comparison: costs of networks beside their published accuracies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.comparison.accuracy import COLLECTED, find_accuracy, read_published
from archcost.comparison.choosing import Choice
from archcost.comparison.papers import find_paper
from archcost.comparison.published import (
    LIBRARIES,
    build_row as build_published_row,
    describe_published,
    list_libraries,
    select_published,
)
from archcost.comparison.times import read_seconds
from archcost.errors import ArgumentError, UsageError, closest
from archcost.metrics import METRICS, ranks
from archcost.profiling.many import profile_many
from archcost.records import PROTOCOLS, Comparison, ComparisonRow, Failure, Missing, frontier
from archcost.sources import parse_spec
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from archcost.records import Accuracy, Report

EVERYTHING = Choice()
PUBLISHED_PROTOCOL = "single-crop"
# the sort keys of a comparison, and whether the largest comes first
SORTS: Mapping[str, bool] = {
    "given": False,
    "name": False,
    **{name: METRICS[name].better == "higher" for name in ranks("compare")},
    "top1": True,
    "top5": True,
    "density": True,
    "seconds": False,
    "per_second": True,
    "year": False,
}


def compare(
    specs: Sequence[Any],
    *,
    protocol: str = "single-crop",
    dataset: str | None = None,
    accuracies: Iterable[Accuracy] = (),
    seconds: Mapping[tuple[str, int], float] | None = None,
    sort: str = "macs",
    jobs: int | None = None,
    progress: Callable[[str], None] | None = None,
    choice: Choice = EVERYTHING,
    **options: Any,
) -> Comparison:
    """Put networks side by side.

    Args:
        specs: networks, as for `archcost.profile`.
        protocol: the evaluation protocol of all accuracies: "single-crop", "10-crop", "dense", ...
        dataset: the data set of the accuracies, "CIFAR-10"; None for any that a network has.
        accuracies: your own figures, which take precedence over the published ones; see
            `archcost.comparison.accuracy.read_accuracies`.
        seconds: measured times of a forward pass by spec and batch; see `read_seconds`.
        sort: a quantity of `SORTS`, the best first, or "given" for the order of the specs; "-macs" for the most first.
        jobs: processes; None for as many as help.
        progress: called with each finished spec.
        choice: the rows to keep; with a choice, networks of timm and torchvision with a published accuracy have the
            figures shipped with archcost, and do not run.
        options: as for `archcost.profile`, the same for every network; and the `sweeping` of `profile_many`.

    Returns:
        A row for each profiled network; the others are among the failures. An accuracy counts only if it was measured
        at the counted input size.

    Raises:
        ArgumentError: the protocol or the sorting does not exist, or published networks lack it.
    """
    check_request(protocol, sort)
    choice.check()
    shipped, specs = select_published(specs) if choice else ((), specs)
    if shipped and protocol != PUBLISHED_PROTOCOL:
        raise ArgumentError(f"published networks have {PUBLISHED_PROTOCOL} accuracies alone, not {protocol} ones")
    own = tuple(accuracies)
    table = (*own, *read_published())
    times, batch = seconds or {}, options.get("batch", 1)
    found = profile_many(specs, keep=build_row, jobs=jobs, progress=progress, **options)
    rows = [
        replace(
            row,
            accuracy=find_accuracy(row.spec, table, protocol=protocol, side=row.input[-1], dataset=dataset),
            seconds=times.get((row.spec, batch)),
        )
        for row in found
        if not isinstance(row, Failure)
    ]
    rows += [build_published_row(each, choice.device) for each in shipped]
    return Comparison(
        rows=_sort_rows(_mark_frontier(list(choice.choose(rows))), sort)[: choice.limit],
        protocol=protocol,
        collected=COLLECTED,
        batch=batch,
        own=own,
        failures=list_failures(found),
        notes=describe_published(choice.device, list_libraries(each.library for each in shipped)) if shipped else (),
    )


def list_failures(found: Iterable[Any]) -> tuple[Missing, ...]:
    """Return the networks that `profile_many` could not profile."""
    return tuple(
        Missing(spec=lost.spec, reason=lost.reason, failed=lost.exit_code != UsageError.exit_code, kind=lost.kind)
        for lost in found
        if isinstance(lost, Failure)
    )


def check_request(protocol: str, sort: str) -> None:
    """Check before any work that a protocol and a sorting exist.

    Raises:
        ArgumentError: one does not.
    """
    if protocol not in PROTOCOLS:
        hint = closest(protocol, PROTOCOLS, f"there are {', '.join(PROTOCOLS)}")
        raise ArgumentError(f"there is no protocol {protocol!r}; {hint}")
    if sort.removeprefix("-") not in SORTS:
        hint = closest(sort, SORTS, f"there are {', '.join(SORTS)}")
        raise ArgumentError(f"networks cannot be sorted by {sort!r}; {hint}")


def build_row(report: Report) -> ComparisonRow:
    """Return the row of a report in a comparison."""
    return ComparisonRow(
        spec=report.network.spec,
        name=report.network.name,
        family=_find_family(report.network.spec),
        input=report.network.inputs[0].shape[1:] if report.network.inputs else (),
        totals=report.totals,
        year=_find_year(report.network.spec),
    )


def _find_year(spec: str) -> int | None:
    """Return the year of the paper of a network of the zoo, or of a library's architecture."""
    parsed = parse_spec(spec)
    if parsed.kind == "zoo":
        return REGISTRY.find(parsed.target).paper.first_year if parsed.target in REGISTRY else None
    paper = find_paper(parsed.target.partition(".")[0]) if parsed.source in LIBRARIES else None
    return paper.year if paper else None


def _find_family(spec: str) -> str:
    """Return the zoo's family, or the network's origin: a library, a file, a package."""
    parsed = parse_spec(spec)
    if parsed.kind == "zoo" and parsed.target in REGISTRY:
        return REGISTRY.find(parsed.target).family
    return parsed.source or parsed.target


def _mark_frontier(rows: list[ComparisonRow]) -> list[ComparisonRow]:
    """Mark the frontier of each dataset."""
    marked: set[int] = set()
    for dataset in {row.accuracy.dataset for row in rows if row.accuracy}:
        chosen = [
            (i, row.macs, row.accuracy.top1)
            for i, row in enumerate(rows)
            if row.accuracy and row.accuracy.dataset == dataset and row.accuracy.top1 is not None
        ]
        marked |= {chosen[i][0] for i in frontier([(macs, top1) for _, macs, top1 in chosen])}
    return [replace(row, pareto=i in marked) for i, row in enumerate(rows)]


def _sort_rows(rows: list[ComparisonRow], sort: str) -> tuple[ComparisonRow, ...]:
    if sort == "given":
        return tuple(rows)
    if sort == "name":
        return tuple(sorted(rows, key=lambda row: row.name.lower()))
    name = sort.removeprefix("-")
    sign = -1 if SORTS[name] or name != sort else 1

    def key(row: ComparisonRow) -> tuple[bool, float]:
        held_by = row.accuracy if name in {"top1", "top5"} else row.totals if name in METRICS else row
        value = getattr(held_by, name, None)
        return value is None, sign * (value or 0)

    return tuple(sorted(rows, key=key))


__all__ = ["SORTS", "build_row", "check_request", "compare", "read_seconds"]
