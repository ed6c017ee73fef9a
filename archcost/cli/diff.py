"""`archcost diff A B`: what changed, and which layers explain it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archcost.cli.options import network_names, output_options, stdout_kept
from archcost.cli.progress import progress
from archcost.cli.verdict import FORMATS, deliver, end, forms_of, judging_options

if TYPE_CHECKING:
    from archcost.records import Report


@click.command("diff", short_help="Say what changed between two networks.")
@click.argument("before", shell_complete=network_names, metavar="A")
@click.argument("after", shell_complete=network_names, metavar="B")
@click.option("--input", "inputs", multiple=True, metavar="SHAPE", help="3x224x224 or 128:int64; repeatable.")
@click.option("--batch", type=click.IntRange(min=0), default=1, show_default=True, help="Images in the batch.")
@click.option("--device", default="auto", show_default=True, metavar="auto|meta|cpu|cuda", help="Where both are run.")
@judging_options
@output_options(*FORMATS, several=True)
def command(
    before: str,
    after: str,
    inputs: tuple[str, ...],
    batch: int,
    device: str,
    conditions: tuple[str, ...],
    force: bool,
    exit_zero: bool,
    format_: str | None,
    output: tuple[str, ...],
    quiet: bool,
    color: str,
) -> None:
    """Compare two networks: the totals, and the layers that explain what changed.

    A and B are reports (FILE.json of `archcost profile`), networks, or networks as a git revision has them, REV:NET.

    \b
    archcost diff before.json after.json
    archcost diff main:model.py:build model.py:build --format markdown -o comment.md
    archcost diff resnet50 resnet50_v1.5 --fail-if 'macs>+2%'

    Exit codes: 0 fine, 1 a condition fails, 2 a wrong request, 3 the two could not be had or do not compare.
    """  # noqa: D301 - click reads the \b
    from archcost.records import Check, Checked
    from archcost.regression import diff, judge, parse_condition

    forms = forms_of(format_, output)
    budgets = [parse_condition(text) for text in conditions]
    with progress(None, "Counting", quiet=quiet), stdout_kept():
        sides = _reports((before, after), inputs, batch=batch, device=device)
    difference = diff(*sides, force=force)
    checked = Checked(name=f"{before} -> {after}", difference=difference, verdicts=judge(difference, budgets))
    check = Check(baseline=before, networks=(checked,))
    deliver(check, forms, color=color, quiet=quiet)
    end(check, forms, exit_zero=exit_zero)


def _reports(names: tuple[str, str], inputs: tuple[str, ...], **options: Any) -> list[Report]:
    """Return the report of each side; networks are counted in processes of their own, so that neither sees the other.

    Raises:
        ArchcostError: whatever keeps one of the two from being had.
    """
    from archcost.errors import IncomparableError, UsageError
    from archcost.profiling.many import profile_many
    from archcost.records import Failure, Report
    from archcost.regression.revisions import report_at, split_revision
    from archcost.sources import parse_input

    specs = [name for name in names if not _is_report(name) and split_revision(name)[0] is None]
    given = tuple(map(parse_input, inputs)) or None
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
