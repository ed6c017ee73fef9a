"""`archcost check`: compare a project's networks with the accepted figures and judge them by budgets."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.options import follow_links, keep_process, write
from archcost.cli.output import add_output
from archcost.cli.progress import is_watched, show_progress
from archcost.cli.sweeping import add_running
from archcost.cli.verdict import add_judging, deliver, raise_verdict
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.cli.sweeping import Running
    from archcost.cli.verdict import Judging


@click.command("check", short_help="Compare a project's networks with what was accepted.")
@click.argument("networks", metavar="[NET]...", nargs=-1)
@click.option("--update", is_flag=True, help="Accept the figures of now: write archcost.lock.json.")
@click.option(
    "--base-ref",
    metavar="REV",
    help="Compare with the merge base of HEAD and REV, built again, instead of the lock file.",
)
@click.option(
    "--locked", "must_be_locked", is_flag=True, help="Exit 1 when archcost.lock.json is not what --update would write."
)
@click.option("--time", "timed", is_flag=True, help="Time each network and its base in turn; needs --base-ref.")
@click.option("--config", metavar="FILE", help="File with the settings.  [default: the nearest pyproject.toml]")
@add_judging
@add_running()
@add_output("cases")
def command(
    networks: tuple[str, ...],
    update: bool,
    base_ref: str | None,
    must_be_locked: bool,
    timed: bool,
    config: str | None,
    judging: Judging,
    running: Running,
    output: Output,
) -> None:
    """Count the networks under [tool.archcost.networks.NAME] of pyproject.toml and judge them by its budgets.

    NET is a NAME, or a pattern of names; all of them unless given. They are compared with archcost.lock.json beside
    pyproject.toml, which is committed and which --update writes; its diff is the review.

    \b
    archcost check
    archcost check resnet50 --fail-if 'macs>+2%'
    archcost check --base-ref origin/main -o - -o comment.md -o junit.xml
    archcost check --base-ref origin/main --time
    archcost check --update resnet50

    Exit codes: 0 fine, also with warnings; 1 a budget is exceeded; 2 a wrong request or setting; 3 something could not
    be compared: no baseline, a network that fails, other conventions.
    """  # noqa: D301 - click reads the \b
    from archcost.regression import check as checks, lock
    from archcost.regression.baseline import lock_baseline, revision_baseline
    from archcost.regression.revisions import is_dirty, merge_base
    from archcost.regression.settings import find_settings, read_settings
    from archcost.regression.timing import time_networks

    _refuse(update=update, locked=must_be_locked, base_ref=base_ref, timed=timed)
    budgets = judging.read_budgets()
    settings = read_settings(find_settings(Path.cwd()) if config is None else follow_links(config))
    plans, folder = settings.select(networks), settings.file.parent
    locked = {} if update and not networks else lock.read_lock(folder / lock.FILE)
    if base_ref is not None:
        merge_base(base_ref, repository=folder)  # check before the work that it exists
        if is_dirty(repository=folder):
            output.note("the working tree has changes that no commit has; they are checked as well")
    steps = len(plans)
    with chdir(folder):
        with show_progress(steps, "Counting", quiet=output.quiet, noted=True) as advance, keep_process():
            measured = checks.measure(plans, advance, **running.options)
        baseline, speeds = None, {}
        if base_ref is not None:
            with (
                show_progress(steps, f"Counting as in {base_ref}", quiet=output.quiet, noted=True) as advance,
                keep_process(),
            ):
                baseline = revision_baseline(base_ref, settings, networks, measured, advance)
        if base_ref is not None and timed:
            with (
                show_progress(None, "Timing beside its base", quiet=output.quiet, still=True, noted=True) as advance,
                keep_process(),
            ):

                def tell(name: str) -> None:
                    advance.begin(name)
                    if not is_watched():  # this takes minutes, so a log shows the progress
                        output.note(f"timing {name} beside its base")

                speeds = time_networks(settings, plans, base_ref, folder, tell)
    if update:
        write(lock.lock_text(checks.build_update(settings, plans, measured, locked)), str(folder / lock.FILE))
        output.note(f"{folder / lock.FILE} is written; commit it, and its difference is the review")
        return
    baseline = baseline or lock_baseline(locked)
    found = checks.check(
        settings, plans, measured, baseline, locked=locked, conditions=budgets, speeds=speeds, force=judging.force
    )
    deliver(found, output)
    raise_verdict(found, output, exit_zero=judging.exit_zero)
    if must_be_locked:
        checks.require_lock(settings, plans, measured, locked)


def _refuse(*, update: bool, locked: bool, base_ref: str | None, timed: bool) -> None:
    """Refuse contradictory options.

    Raises:
        ArgumentError: options contradict each other.
    """
    if update and locked:
        raise ArgumentError("--update writes the lock file and --locked forbids that it has to be; give one of them")
    if update and base_ref is not None:
        raise ArgumentError("--update writes what there is, whatever it was; --base-ref does not go with it")
    if timed and base_ref is None:
        raise ArgumentError(
            "--time compares with what the base takes in the same job, never with a stored time; add --base-ref REV"
        )
