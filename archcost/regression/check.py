"""check(...): count the networks of a project, compare them with what they were, and judge the difference."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost.errors import ConfigError, IncomparableError, NotInRevisionError, RevisionFailedError
from archcost.profiling.many import profile_many
from archcost.records import Check, Checked, Failure, Snapshot
from archcost.regression import lock
from archcost.regression.budgets import judge
from archcost.regression.diff import diff
from archcost.regression.revisions import checkout, merge_base
from archcost.regression.snapshot import snapshot
from archcost.sources import parse_input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from archcost.records import Budget, Speed, Verdict
    from archcost.regression.settings import Plan, Settings

Measured = Snapshot | Failure
MOST_NAMES = 8  # networks that the accepting command names


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What networks are compared with: their snapshots before, None for one that is new.

    `text` says what it is. `required` is whether a network may not be missing.
    """

    text: str
    networks: Mapping[str, Measured | None]
    required: bool


def measure(plans: Sequence[Plan], progress: Callable[[str], None] | None = None) -> dict[str, Measured]:
    """Count networks, on all cores where there are many.

    Those of two files never share a process: the neighbours that they import may have the same names.
    """
    alike: dict[tuple[object, ...], list[Plan]] = {}
    for plan in plans:
        alike.setdefault((plan.file, plan.inputs, *plan.options.values()), []).append(plan)
    apart = len({plan.file for plan in plans} - {""}) > 1
    found: dict[str, Measured] = {}
    for group in alike.values():
        inputs = tuple(map(parse_input, group[0].inputs)) or None
        specs, jobs = [plan.spec for plan in group], 2 if apart and group[0].file else None  # 1 would be this process
        results = profile_many(specs, keep=snapshot, jobs=jobs, progress=progress, inputs=inputs, **group[0].options)
        found |= {plan.name: result for plan, result in zip(group, results, strict=True)}
    return found


def lock_baseline(locked: Mapping[str, lock.Locked]) -> Baseline:
    """Compare with what was accepted last."""
    return Baseline(text=lock.FILE, networks={name: each.snapshot for name, each in locked.items()}, required=True)


def revision_baseline(ref: str, plans: Sequence[Plan], folder: Path) -> Baseline:
    """Compare with the networks as they were where this branch left another one.

    Raises:
        RevisionError: there is no such repository or revision.
    """
    commit = merge_base(ref, repository=folder)
    found: dict[str, Measured | None] = {}
    with checkout(commit, repository=folder) as files:
        for plan in plans:
            try:
                found[plan.name] = snapshot(files.report(plan.spec, inputs=plan.inputs, **plan.options))
            except NotInRevisionError:
                found[plan.name] = None
            except RevisionFailedError as error:
                found[plan.name] = Failure.of(plan.spec, error)
    return Baseline(text=f"{commit[:7]}, the merge base with {ref}", networks=found, required=False)


def updated(
    settings: Settings, plans: Sequence[Plan], measured: Mapping[str, Measured], locked: Mapping[str, lock.Locked]
) -> dict[str, lock.Locked]:
    """Return what the lock file is to hold once these networks are accepted; what has no settings any more is gone.

    Raises:
        IncomparableError: one of them could not be counted.
        ConfigError: one of them cannot be found or asked for in that way.
    """
    metrics = lock.locked_metrics(settings.budgets.metrics)
    names = {plan.name for plan in settings.plans}
    found = {name: each for name, each in locked.items() if name in names}
    failures: list[str] = []
    for plan in plans:
        result = measured[plan.name]
        if isinstance(result, Failure):
            failures.append(f"{plan.name}: {_failure(plan, result, settings)}")
        else:
            found[plan.name] = lock.Locked(metrics=metrics, snapshot=result)
    if failures:
        raise IncomparableError("\n".join([f"{lock.FILE} was not written:", *failures]))
    return found


def check(
    settings: Settings,
    plans: Sequence[Plan],
    measured: Mapping[str, Measured],
    baseline: Baseline,
    *,
    locked: Mapping[str, lock.Locked],
    conditions: Sequence[Budget] = (),
    speeds: Mapping[str, Speed | str] = MappingProxyType({}),
    force: bool = False,
) -> Check:
    """Compare networks with a baseline and judge them by their budgets and by further conditions.

    A change that the lock file holds has been accepted, whatever the baseline is. `speeds` are what timing found, or
    why a network could not be timed.

    Raises:
        ConfigError: a network that cannot be found or asked for in that way, or a budget of what was not counted.
    """
    checks: list[Checked] = []
    unlocked: list[str] = []  # what the lock file has not, or not in this way
    for plan in plans:
        after, before = measured[plan.name], baseline.networks.get(plan.name)
        budgets = (*settings.budgets.of(plan.name), *conditions)
        if isinstance(after, Failure):
            checks.append(Checked(name=plan.name, failure=_failure(plan, after, settings)))
        elif isinstance(before, Failure):
            checks.append(Checked(name=plan.name, failure=before.reason))
        elif before is None and baseline.required and any(budget.needs_baseline for budget in budgets):
            unlocked.append(plan.name)
            checks.append(Checked(name=plan.name, failure=f"no baseline: {lock.FILE} has no {plan.name!r}"))
        else:
            accepted = locked.get(plan.name)
            if baseline.required and accepted is not None:
                after = lock.reduced(after, accepted.metrics)
            checks.append(_checked(plan, before, after, budgets, accepted, force=force))
            if baseline.required and checks[-1].failure:
                unlocked.append(plan.name)
    if baseline.required and len(plans) == len(settings.plans):
        names = {plan.name for plan in plans}
        gone = (name for name in baseline.networks if name not in names)
        checks += [Checked(name=name, difference=diff(baseline.networks[name], None)) for name in gone]  # type: ignore[arg-type]
    checks = [_timed(checked, speeds.get(checked.name), settings) for checked in checks]
    return Check(baseline=baseline.text, networks=tuple(checks), accept=_accepting(checks, unlocked))


def _timed(checked: Checked, speed: Speed | str | None, settings: Settings) -> Checked:
    """Add what timing found; a network that could not be timed could not be checked."""
    if speed is None or checked.outcome == "failed":
        return checked
    if isinstance(speed, str):
        return Checked(name=checked.name, failure=speed)
    return replace(checked, speed=speed, speed_level=settings.budgets.time_of(checked.name).level)


def _checked(
    plan: Plan,
    before: Snapshot | None,
    after: Snapshot,
    budgets: Sequence[Budget],
    accepted: lock.Locked | None,
    *,
    force: bool,
) -> Checked:
    try:
        difference = diff(before, after, force=force)
        verdicts = tuple(_accepted(verdict, after, accepted) for verdict in judge(difference, budgets))
    except IncomparableError as error:
        return Checked(name=plan.name, failure=str(error))
    return Checked(name=plan.name, difference=difference, verdicts=verdicts)


def _accepted(verdict: Verdict, after: Snapshot, locked: lock.Locked | None) -> Verdict:
    """Let a change pass that the lock file holds; a maximum is raised where it is set, and nowhere else."""
    if verdict.outcome != "exceeded" or verdict.kind == "max" or locked is None:
        return verdict
    held = locked.snapshot.totals.get(verdict.metric) == verdict.after and locked.snapshot.inputs == after.inputs
    return replace(verdict, outcome="accepted") if held else verdict


def _accepting(checks: Sequence[Checked], unlocked: Sequence[str]) -> str:
    """Return the command that accepts what can be accepted: changes, not what is above a maximum."""
    names = [
        checked.name
        for checked in checks
        if checked.name in unlocked
        or any(verdict.kind != "max" and verdict.level == "error" for verdict in checked.exceeded)
    ]
    if not names:
        return ""
    return f"archcost check --update {shlex.join(names) if len(names) <= MOST_NAMES else ''}".rstrip()


def _failure(plan: Plan, failure: Failure, settings: Settings) -> str:
    """Return why a network could not be counted.

    Raises:
        ConfigError: the settings ask for what does not exist.
    """
    place = f"{settings.file.name}: tool.archcost.networks.{plan.group}"
    if failure.exit_code == ConfigError.exit_code:
        raise ConfigError(f"{place}: {failure.reason}")
    hint = f'\nIt was counted on the meta device; a network that needs real values takes device = "cpu" in {place}'
    return failure.reason + (hint if plan.device == "meta" else "")
