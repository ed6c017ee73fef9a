"""Common parts of `archcost diff` and `archcost check`: the outputs, and the exit code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archcost.cli.groups import add_group
from archcost.errors import BudgetExceededError, IncomparableError

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.records import Budget, Check, Checked

MOST_ANNOTATIONS = 5  # GitHub shows ten annotations of a kind per step and silently drops the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The conditions that fail a difference, and whether the exit code reports them."""

    conditions: tuple[str, ...]
    exit_zero: bool
    force: bool

    def read_budgets(self) -> list[Budget]:
        """Return the conditions as budgets."""
        from archcost.regression import parse_condition

        return [parse_condition(text) for text in self.conditions]


def add_judging(command: Any) -> Any:
    """Add --fail-if, --exit-zero and --force; the command gets them as `judging`."""
    return add_group(
        "judging",
        Judging,
        click.option(
            "--fail-if",
            "conditions",
            multiple=True,
            metavar="COND",
            help="Exit 1 if this holds: 'macs>+2%' or 'params>25.6M'; repeatable.",
        ),
        click.option("--exit-zero", is_flag=True, help="Exit 0 even if a budget is exceeded."),
        click.option(
            "--force",
            is_flag=True,
            help="Compare even networks that were counted on different inputs or by different settings.",
        ),
    )(command)


def deliver(check: Check, output: Output) -> None:
    """Write a result in every requested format, and as GitHub annotations in a workflow."""
    from archcost.page.emit import emit
    from archcost.render.check import build_document

    document = build_document(check)
    output.write(document)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(emit(document, "markdown"))
        except OSError as error:
            output.note(f"$GITHUB_STEP_SUMMARY could not be written: {error}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in list_workflow_commands(check):
            click.echo(line, err=True)  # the runner reads both streams, and stdout is for the result


def list_workflow_commands(check: Check) -> list[str]:
    """Return GitHub's commands that annotate the run with the worst findings."""
    from archcost.page.names import clean_lines, make_printable
    from archcost.render.difference import spell_findings

    level = {"failed": "error", "exceeded": "error", "warned": "warning"}
    worst = [checked for checked in check.worst_first if checked.outcome in level][:MOST_ANNOTATIONS]
    return [
        f"::{level[checked.outcome]} {_where(checked)}"
        f"title={_escape_property(f'archcost: {make_printable(checked.name)}')}::"
        f"{_escape_message(clean_lines(spell_findings(checked)))}"
        for checked in worst
    ]


def _where(checked: Checked) -> str:
    """Return the properties that place a finding at a line of the change."""
    from archcost.page.names import make_printable

    place = checked.place
    return "" if place is None else f"file={_escape_property(make_printable(place.file))},line={place.line},"


def _escape_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_message(text).replace(":", "%3A").replace(",", "%2C")


def raise_verdict(check: Check, output: Output, *, exit_zero: bool) -> None:
    """Raise the error for the exit code, with the command that accepts the change unless stdout shows it.

    Raises:
        IncomparableError: a network could not be checked.
        BudgetExceededError: a network exceeds a budget, and --exit-zero was not given.
    """
    from archcost.render.difference import spell_headline

    said = ("table", None) in output.forms
    text = spell_headline(check) + (f"\nTo accept: {check.accept}" if check.accept and not said else "")
    if any(checked.outcome == "failed" for checked in check.networks):
        raise IncomparableError(text)
    if any(checked.outcome == "exceeded" for checked in check.networks) and not exit_zero:
        raise BudgetExceededError(text)
