"""The baseline of a project's networks: the lock file, or a git revision with its own settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archcost.errors import ConfigError, NotConfiguredError, NotInRevisionError, RevisionFailedError, SubmoduleError
from archcost.records import Done, Failure, Snapshot
from archcost.regression import lock
from archcost.regression.places import project_of
from archcost.regression.revisions import checkout, merge_base
from archcost.regression.settings import read_settings
from archcost.regression.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.regression.budgets import Budgets
    from archcost.regression.revisions import Checkout
    from archcost.regression.settings import Plan, Settings

Measured = Snapshot | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline: by network name, the snapshot before the change, or the reason why the network could not be counted.

    `text` describes the baseline. `plans` and `budgets` are its own settings, if it has any. `failure` says why the
    baseline could not be read; `missing` says that no baseline exists and how to make one. `note` is a remark for the
    reader of the result.
    """

    text: str
    networks: Mapping[str, Measured]
    plans: Mapping[str, Plan] = field(default_factory=dict)
    budgets: Budgets | None = None
    failure: str = ""
    missing: str = ""
    note: str = ""

    def before(self, name: str, spec: str) -> Measured | None:
        """Return the earlier snapshot of a network; None for a new network."""
        if self.failure:
            return Failure(spec=spec, error="ConfigError", reason=self.failure)
        return self.networks.get(name)


def lock_baseline(locked: Mapping[str, lock.Locked]) -> Baseline:
    """Return the baseline that the lock file holds."""
    missing = "" if locked else f"no baseline: there is no {lock.FILE}"
    return Baseline(text=lock.FILE, networks={name: each.snapshot for name, each in locked.items()}, missing=missing)


def revision_baseline(
    ref: str,
    settings: Settings,
    wanted: Sequence[str],
    measured: Mapping[str, Measured],
    progress: Callable[[str], None] = lambda _: None,
) -> Baseline:
    """Return the networks at the merge base with another branch, counted by the settings of that commit.

    Args:
        ref: the other branch, or any revision.
        settings: the current settings; the base's settings are in the file with the same path.
        wanted: names and patterns of networks; without any, all of them.
        measured: the networks now. A network that no project file builds, and whose settings did not change, is taken
            from here: the installed archcost and packages count both sides.
        progress: called with each network when it is done.

    Raises:
        RevisionError: there is no such repository or revision.
    """
    folder = settings.file.parent
    commit = merge_base(ref, repository=folder)
    text = f"{commit[:7]}, the merge base with {ref}"
    with checkout(commit, repository=folder) as files:
        try:
            base = read_settings(files.folder / settings.file.name)
        except NotConfiguredError:
            place = f"{project}/{settings.file.name}" if (project := project_of(folder)) else settings.file.name
            return Baseline(text=text, networks={}, note=f"{text}, has no settings in {place}: every network is new")
        except ConfigError as error:
            return Baseline(text=text, networks={}, failure=files.shorten(str(error)))
        now = {plan.name: plan for plan in settings.plans}
        plans = {plan.name: plan for plan in base.matching(wanted)}
        found: dict[str, Measured] = {}
        for name, plan in plans.items():
            same = not plan.local and plan == now.get(name) and name in measured
            before = measured[name] if same else count_network(files, plan)
            if before is None:  # named by the base, so not new: broken, or not committed
                before = Failure.of(
                    plan.spec, NotInRevisionError(f"it does not have {plan.spec}, which its settings name")
                )
            found[name] = before
            progress(Done(name, failed=isinstance(before, Failure)))
    return Baseline(text=text, networks=found, plans=plans, budgets=base.budgets)


def count_network(files: Checkout, plan: Plan) -> Measured | None:
    """Count a network of a revision; None if the network does not exist there."""
    try:
        return snapshot(files.report(plan.spec, inputs=plan.inputs, **plan.options))
    except (NotInRevisionError, RevisionFailedError) as error:
        if files.missing:  # a missing submodule may be the cause
            return Failure.of(plan.spec, SubmoduleError(f"{error}\n{files.missing_text}"))
        return None if isinstance(error, NotInRevisionError) else Failure.of(plan.spec, error)
