"""`archcost diff A B`: the changes, and the layers that explain them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archcost.choices import COUNTING
from archcost.cli.groups import add_batch, add_device, add_input, read_inputs
from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.cli.verdict import add_judging, deliver, raise_verdict

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.cli.verdict import Judging
    from archcost.records import Report


@click.command("diff", short_help="Say what changed between two networks.")
@click.argument("before", shell_complete=complete_names, metavar="A")
@click.argument("after", shell_complete=complete_names, metavar="B")
@add_input()
@add_batch(least=0)
@add_device("meta|cpu|cuda|auto", COUNTING, does="both networks run on")
@add_judging
@add_output("cases")
def command(
    before: str,
    after: str,
    inputs: tuple[str, ...],
    batch: int,
    device: str,
    judging: Judging,
    output: Output,
) -> None:
    """Compare two networks: the totals, and the layers that explain what changed.

    A and B are reports (FILE.json of `archcost profile`), networks, or networks at a git revision, REV:NET.

    \b
    archcost diff before.json after.json
    archcost diff main:model.py:build model.py:build --format markdown -o comment.md
    archcost diff resnet50 resnet50_v1.5 --fail-if 'macs>+2%'

    Exit codes: 0 fine, 1 a condition fails, 2 a wrong request, 3 a network could not be counted or the two do not
    compare.
    """  # noqa: D301 - click reads the \b
    from archcost.records import Check, Checked
    from archcost.regression import diff, judge

    budgets = judging.read_budgets()
    with show_progress(None, "Counting", quiet=output.quiet), keep_process():
        sides = _collect_reports((before, after), inputs, batch=batch, device=device)
    difference = diff(*sides, force=judging.force)
    checked = Checked(name=f"{before} -> {after}", difference=difference, verdicts=judge(difference, budgets))
    check = Check(baseline=before, networks=(checked,))
    deliver(check, output)
    raise_verdict(check, output, exit_zero=judging.exit_zero)


def _collect_reports(names: tuple[str, str], inputs: tuple[str, ...], **options: Any) -> list[Report]:
    """Return the report of each side; networks run in processes of their own, so that neither affects the other.

    Raises:
        ArchcostError: one of the two cannot be counted.
    """
    from archcost.errors import IncomparableError, UsageError
    from archcost.profiling.many import profile_many
    from archcost.records import Failure, Report
    from archcost.regression.revisions import report_at, split_revision

    specs = [name for name in names if not _is_report(name) and split_revision(name)[0] is None]
    given = read_inputs(inputs) or None
    found = dict(zip(specs, profile_many(specs, jobs=len(specs), inputs=given, **options), strict=True))
    for spec, result in found.items():
        if isinstance(result, Failure):
            kind = UsageError if result.exit_code == UsageError.exit_code else IncomparableError
            raise kind(f"{spec}: {result.reason}")

    def report(name: str) -> Report:
        if _is_report(name):
            return Report.from_file(name)
        revision, spec = split_revision(name)
        return found[name] if revision is None else report_at(revision, spec, inputs=inputs, **options)

    return [report(name) for name in names]


def _is_report(name: str) -> bool:
    return Path(name).suffix.lower() == ".json"
