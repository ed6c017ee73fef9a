"""check(...): count the networks of a project, compare them with a baseline, and judge the differences."""

from __future__ import annotations

import shlex
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost.errors import ConfigError, IncomparableError, LockOutOfDateError, SubmoduleError, WalkError
from archcost.profiling.advice import INPUT_OPTION
from archcost.profiling.run import USUAL, run_each
from archcost.profiling.workplace import count_jobs
from archcost.records import Check, Checked, Done, Failure, Snapshot
from archcost.regression import lock
from archcost.regression.budgets import find_loosened
from archcost.regression.diff import diff
from archcost.regression.judging import judge
from archcost.regression.places import find_place, project_of
from archcost.regression.settings_changes import describe_changes
from archcost.regression.snapshot import snapshot
from archcost.releases import describe_installed
from archcost.sources import parse_input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.records import Budget, Speed, Sweeping, Verdict
    from archcost.regression.baseline import Baseline, Measured
    from archcost.regression.settings import Plan, Settings

MOST_NAMES = 8  # the most networks that one command or sentence names


def measure(
    plans: Sequence[Plan],
    progress: Callable[[str], None] | None = None,
    *,
    jobs: int | None = None,
    sweeping: Sweeping = USUAL,
) -> dict[str, Measured]:
    """Count networks in processes of their own, so that one failing network does not stop the check."""
    specs = [plan.spec for plan in plans]
    options = [{**plan.options, "inputs": tuple(map(parse_input, plan.inputs)) or None} for plan in plans]
    apart = replace(sweeping, isolate=True)
    found: dict[str, Measured] = {plan.name: Failure(spec=plan.spec, error="", reason="") for plan in plans}
    for place, row in run_each(specs, options, snapshot, jobs or count_jobs(len(plans)), apart):
        found[plans[place].name] = row
        if progress is not None:
            progress(Done(plans[place].spec, failed=isinstance(row, Failure)))
    return found


def build_update(
    settings: Settings, plans: Sequence[Plan], measured: Mapping[str, Measured], locked: Mapping[str, lock.Locked]
) -> dict[str, lock.Locked]:
    """Return the contents of the lock file after these networks are accepted; networks without settings are dropped.

    Raises:
        IncomparableError: one of them could not be counted.
        ConfigError: the settings of one of them cannot be satisfied.
    """
    metrics = lock.choose_metrics(settings.budgets.metrics)
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

    Networks are paired by name. A network that only the baseline has was removed, if the user asked for all networks or
    for its name. A change that the lock file holds is accepted, whatever the baseline is. `speeds` holds the result of
    timing each network, or the reason why it could not be timed.

    Raises:
        ConfigError: the settings of a network cannot be satisfied, or a budget limits a quantity that was not counted.
    """
    checks = [
        _check_one(plan, measured[plan.name], baseline, settings, locked.get(plan.name), conditions, force=force)
        for plan in plans
    ]
    names = {plan.name for plan in settings.plans}
    complete = len(plans) == len(settings.plans) or bool(baseline.plans)
    gone = [name for name in baseline.networks if name not in names] if complete else []
    befores = {name: baseline.networks[name] for name in gone}
    checks += [
        Checked(name=name, difference=diff(before, None))
        for name, before in befores.items()
        if isinstance(before, Snapshot)
    ]
    notes = [note for note in (describe_installed(), baseline.note) if note]
    notes += [
        f"{name} was removed; it could not be counted before: {before.reason}"
        for name, before in befores.items()
        if isinstance(before, Failure)
    ]
    checks = [_add_time(checked, speeds.get(checked.name), settings) for checked in checks]
    by_name = {plan.name: plan for plan in plans}
    checks = [_add_place(checked, by_name.get(checked.name), settings) for checked in checks]
    unlocked = [each.name for each in checks if each.failure and isinstance(measured.get(each.name), Snapshot)]
    stale = _find_stale(settings, plans, measured, locked) if locked else ()
    if stale and all(each.outcome not in {"failed", "exceeded"} for each in checks):
        notes.append(lock.describe_stale(stale, measured, locked))
    return Check(
        baseline=baseline.text,
        networks=tuple(checks),
        accept=_accepting(checks, unlocked if not baseline.plans else ()),
        notes=tuple(notes),
        project=project_of(settings.file.parent),
    )


def _add_place(checked: Checked, plan: Plan | None, settings: Settings) -> Checked:
    """Add the file and line at which a review shows a network's problems."""
    if plan is None or checked.outcome not in {"failed", "exceeded", "warned"}:
        return checked
    where = next((each.where for each in checked.exceeded if each.where.startswith("tool.")), "")
    return replace(checked, place=find_place(plan, settings, where))


def require_lock(
    settings: Settings, plans: Sequence[Plan], measured: Mapping[str, Measured], locked: Mapping[str, lock.Locked]
) -> None:
    """Check that the lock file holds the present costs of these networks.

    Raises:
        LockOutOfDateError: it does not; names the command that writes it.
    """
    stale = _find_stale(settings, plans, measured, locked)
    if stale:
        raise LockOutOfDateError(f"--locked: {lock.describe_stale(stale, measured, locked)}")


def _find_stale(
    settings: Settings, plans: Sequence[Plan], measured: Mapping[str, Measured], locked: Mapping[str, lock.Locked]
) -> tuple[str, ...]:
    """Return the networks that `--update` would change or drop in the lock file."""
    names = {plan.name for plan in settings.plans}
    gone = [name for name in locked if name not in names] if len(plans) == len(names) else []
    metrics = lock.choose_metrics(settings.budgets.metrics)
    return (*lock.find_stale(measured, locked, metrics), *gone)


def _check_one(
    plan: Plan,
    after: Measured,
    baseline: Baseline,
    settings: Settings,
    accepted: lock.Locked | None,
    conditions: Sequence[Budget],
    *,
    force: bool,
) -> Checked:
    """Compare one network with its baseline, its settings and budgets included."""
    if isinstance(after, Failure):
        return Checked(name=plan.name, failure=_failure(plan, after, settings))
    budgets = (*settings.budgets.of(plan.name), *conditions)
    before = baseline.before(plan.name, plan.spec)
    if baseline.missing and any(budget.needs_baseline for budget in budgets):
        return Checked(name=plan.name, failure=baseline.missing)
    if isinstance(before, Failure):
        if before.error == SubmoduleError.__name__:
            return Checked(name=plan.name, failure=before.reason)
        found = _judge_one(plan, None, after, budgets, accepted, force=force)
        return replace(found, base_failure=f"{baseline.text}, could not be counted: {before.reason}")
    if accepted is not None and baseline.budgets is None:  # the lock file holds some quantities of layers only
        after = lock.reduce_snapshot(after, (*accepted.metrics, *(each.metric for each in budgets if each.modules)))
    found = _judge_one(plan, before, after, budgets, accepted, force=force)
    if before is None or found.failure:
        return found
    lines = describe_changes(before, after, baseline.plans.get(plan.name), plan)
    if baseline.budgets is not None:
        lines = (*lines, *find_loosened(baseline.budgets.of(plan.name), settings.budgets.of(plan.name)))
    return replace(found, settings=lines)


def _add_time(checked: Checked, speed: Speed | str | None, settings: Settings) -> Checked:
    """Add the result of timing; a network that could not be timed counts as not checked."""
    if speed is None or checked.outcome == "failed":
        return checked
    if isinstance(speed, str):
        return Checked(name=checked.name, failure=speed)
    budget = settings.budgets.time_of(checked.name)
    return replace(checked, speed=speed, speed_level="warn" if budget is None else budget.level)


def _judge_one(
    plan: Plan,
    before: Snapshot | None,
    after: Snapshot,
    budgets: Sequence[Budget],
    accepted: lock.Locked | None,
    *,
    force: bool,
) -> Checked:
    try:
        difference = diff(before, after, force=force, settings_may_differ=True)
        verdicts = tuple(_accept_locked(verdict, after, accepted) for verdict in judge(difference, budgets))
    except IncomparableError as error:
        return Checked(name=plan.name, failure=str(error))
    return Checked(name=plan.name, difference=difference, verdicts=verdicts)


def _accept_locked(verdict: Verdict, after: Snapshot, locked: lock.Locked | None) -> Verdict:
    """Accept a change that the lock file holds; a maximum stays in force, since only its setting can raise it."""
    if verdict.outcome != "exceeded" or verdict.kind == "max" or locked is None:
        return verdict
    held = locked.snapshot.totals.get(verdict.metric) == after.totals.get(verdict.metric)
    held = held and locked.snapshot.inputs == after.inputs
    return replace(verdict, outcome="accepted") if held else verdict


def _accepting(checks: Sequence[Checked], unlocked: Sequence[str]) -> str:
    """Return the command that accepts the changes; values above a maximum cannot be accepted."""
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
        ConfigError: the settings name something that does not exist.
    """
    place = f"{settings.file.name}: tool.archcost.networks.{plan.group}"
    if failure.exit_code == ConfigError.exit_code:
        raise ConfigError(f"{place}: {failure.reason}")
    hint = f'\nIt was counted on meta alone; without device = "meta" in {place} one that needs values is run on the CPU'
    ran = failure.error == WalkError.__name__  # another device does not help a network that fails before its walk
    setting = f'input = "3x224x224" or input = "128:int64" in {place}'  # no --input here
    reason = failure.reason.replace(INPUT_OPTION, setting)
    return reason + (hint if ran and plan.device == "meta" else "")
