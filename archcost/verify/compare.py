"""The operators that explain a difference: pure arithmetic on the counters' results."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from archcost.records.opinions import FVCORE, Call, Count, CountDifference, Operator, Opinion, Step
from archcost.verify.reasons import explain_fvcore, explain_torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ELSEWHERE = "(elsewhere)"


def add_rest(calls: Sequence[Call], macs: int) -> tuple[Call, ...]:
    """Add the profile's counts that these calls lack, so that the operators always add up to the profile."""
    rest = macs - sum(call.macs for call in calls)
    if not rest:
        return tuple(calls)
    step = Step(operator=ELSEWHERE, macs=rest, other_ops=0, covered=True, complex=False, known=True, torch=0)
    return (*calls, Call(operator=ELSEWHERE, inputs=(), outputs=(), steps=(step,)))


def add_torch_counts(calls: Iterable[Call], failure: str | None) -> Count:
    """Add up torch's counts; the operators that it skips are those with multiply-adds and without a formula."""
    found: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for call in calls:
        found[call.operator] += sum(step.torch or 0 for step in call.steps)
        skipped.update(step.operator for step in call.steps if step.macs and not step.known)
    return Count(by_operator=dict(found), skipped={} if failure else dict(sorted(skipped.items())), failure=failure)


def list_operators(calls: Iterable[Call], counts: Mapping[str, Count]) -> tuple[Operator, ...]:
    """Return one line for each operator with a figure other than 0, in the order of the first call."""
    groups = _group_calls(calls)
    answers = {counter: count for counter, count in counts.items() if count.failure is None}
    names = dict.fromkeys((*groups, *(name for count in answers.values() for name in count.by_operator)))
    found = (
        Operator(
            name=name,
            calls=len(groups.get(name, ())),
            macs=sum(call.macs for call in groups.get(name, ())),
            theirs={counter: count.by_operator.get(name, 0) for counter, count in answers.items()},
        )
        for name in names
    )
    return tuple(line for line in found if line.macs or any(line.theirs.values()))


def build_opinion(counter: str, version: str, count: Count, calls: Sequence[Call]) -> Opinion:
    """Compare one counter's answer with archcost's."""
    if count.failure is not None:
        return Opinion(counter=counter, version=version, total=None, skipped={}, failure=count.failure)
    differences = _yield_fvcore_differences(count, calls) if counter == FVCORE else _yield_torch_differences(calls)
    return Opinion(
        counter=counter,
        version=version,
        total=sum(count.by_operator.values()),
        skipped=count.skipped,
        differences=tuple(sorted(differences, key=lambda each: -abs(each.macs))),
    )


def _yield_fvcore_differences(count: Count, calls: Iterable[Call]) -> Iterator[CountDifference]:
    groups = _group_calls(calls)
    for name in dict.fromkeys((*groups, *count.by_operator)):
        group = groups.get(name, [])
        theirs = count.by_operator.get(name, 0)
        for macs, reason in explain_fvcore(name, group, theirs, count.skipped):
            if macs:
                yield CountDifference(operator=name, macs=macs, reason=None if name == ELSEWHERE else reason)


def _yield_torch_differences(calls: Iterable[Call]) -> Iterator[CountDifference]:
    groups: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for call in calls:
        for step in call.steps:
            groups[call.operator, step.operator].append(step)
    for (operator, name), steps in groups.items():
        difference = sum((step.torch or 0) - step.macs for step in steps)
        if difference:
            yield CountDifference(operator=operator, macs=difference, reason=explain_torch(name, steps))


def _group_calls(calls: Iterable[Call]) -> dict[str, list[Call]]:
    groups: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        groups[call.operator].append(call)
    return dict(groups)
