"""What a project's networks are compared with: the lock file, or a revision read by its own settings."""

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
    """What networks are compared with, by name: their snapshots before, or why they could not be counted there.

    `text` says what it is. `plans` and `budgets` are its own settings, where it has any. `failure` says why the whole
    of it could not be read; `missing` says that there is no baseline at all, and how one is made. `note` is what a
    reader of the result has to know of it.
    """

    text: str
    networks: Mapping[str, Measured]
    plans: Mapping[str, Plan] = field(default_factory=dict)
    budgets: Budgets | None = None
    failure: str = ""
    missing: str = ""
    note: str = ""

    def before(self, name: str, spec: str) -> Measured | None:
        """Return what a network was; None for one that is new."""
        if self.failure:
            return Failure(spec=spec, error="ConfigError", reason=self.failure)
        return self.networks.get(name)


def lock_baseline(locked: Mapping[str, lock.Locked]) -> Baseline:
    """Compare with what was accepted last."""
    missing = "" if locked else f"no baseline: there is no {lock.FILE}"
    return Baseline(text=lock.FILE, networks={name: each.snapshot for name, each in locked.items()}, missing=missing)


def revision_baseline(
    ref: str,
    settings: Settings,
    wanted: Sequence[str],
    measured: Mapping[str, Measured],
    progress: Callable[[str], None] = lambda _: None,
) -> Baseline:
    """Compare with the networks as they were where this branch left another one, by the settings that it had there.

    Args:
        ref: the other branch.
        settings: the settings now; the base's are in the file of the same path.
        wanted: names and patterns of networks; without any, all of them.
        measured: the networks now. One that no file of the project builds, and that is asked for in the same way, is
            the same before: both sides are counted by the present archcost and the present packages.
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
            if before is None:  # its settings name it: it is not new, it was broken, or what builds it is not committed
                before = Failure.of(
                    plan.spec, NotInRevisionError(f"it does not have {plan.spec}, which its settings name")
                )
            found[name] = before
            progress(Done(name, failed=isinstance(before, Failure)))
    return Baseline(text=text, networks=found, plans=plans, budgets=base.budgets)


def count_network(files: Checkout, plan: Plan) -> Measured | None:
    """Count a network of a revision; None where it does not exist there."""
    try:
        return snapshot(files.report(plan.spec, inputs=plan.inputs, **plan.options))
    except (NotInRevisionError, RevisionFailedError) as error:
        if files.missing:  # what is not there may be what the network needs
            return Failure.of(plan.spec, SubmoduleError(f"{error}\n{files.missing_text}"))
        return None if isinstance(error, NotInRevisionError) else Failure.of(plan.spec, error)
