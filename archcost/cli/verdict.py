"""What `archcost diff` and `archcost check` share: where the result goes, and the exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archcost.cli.options import chosen_format, note, target_of, write
from archcost.errors import BudgetExceededError, IncomparableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Check

FORMATS = ("terminal", "markdown", "json", "junit", "html")
SUFFIXES = {
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".xml": "junit",
    ".html": "html",
    ".txt": "terminal",
}
MOST_ANNOTATIONS = 5  # GitHub shows ten of a kind for a step and drops the rest without a word


def judging_options(command: Any) -> Any:
    """Add --fail-if, --exit-zero and --force."""
    for option in (
        click.option("--force", is_flag=True, help="Compare also what was counted on other inputs or differently."),
        click.option("--exit-zero", is_flag=True, help="Exit 0 although a budget is exceeded."),
        click.option("--fail-if", "conditions", multiple=True, metavar="COND", help="'macs>+2%' or 'params>25.6M'."),
    ):
        command = option(command)
    return command


def forms_of(format_: str | None, outputs: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return each form that is wanted, and the file or None for stdout. --format is that of stdout, or of one file.

    Raises:
        OutputError: a file that cannot be written, or whose suffix means nothing.
    """
    places: list[str | None] = [*outputs] or [None]
    named = format_ if len(places) == 1 else None
    return [(chosen_format(format_ if place == "-" else named, place, "terminal", SUFFIXES), place) for place in places]


def deliver(check: Check, forms: Sequence[tuple[str, str | None]], *, color: str, quiet: bool) -> None:
    """Write a result in every form that is wanted, and where a GitHub workflow shows it."""
    from archcost.render.check import render_check

    for form, place in forms:
        write(render_check(check, form, color=color, target=target_of(place)), place)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(render_check(check, "markdown"))
        except OSError as error:
            note(f"$GITHUB_STEP_SUMMARY could not be written: {error}", quiet=quiet)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in workflow_commands(check):
            click.echo(line, err=True)  # the runner reads both streams; stdout is for the result


def workflow_commands(check: Check) -> list[str]:
    """Return GitHub's commands that put the worst findings on the page of the run."""
    from archcost.render.difference import findings

    level = {"failed": "error", "exceeded": "error", "warned": "warning"}
    worst = [checked for checked in check.worst_first if checked.outcome in level][:MOST_ANNOTATIONS]
    return [
        f"::{level[checked.outcome]} title={_property(f'archcost: {checked.name}')}::{_message(findings(checked))}"
        for checked in worst
    ]


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def end(check: Check, forms: Sequence[tuple[str, str | None]], *, exit_zero: bool) -> None:
    """Raise what the exit code says, with the command that accepts the change where stdout has not said it.

    Raises:
        IncomparableError: a network could not be checked.
        BudgetExceededError: one exceeds a budget, and that is not only asked for.
    """
    from archcost.render.difference import headline

    said = any(form == "terminal" and target_of(place) is not None for form, place in forms)
    text = headline(check) + (f"\nTo accept: {check.accept}" if check.accept and not said else "")
    if any(checked.outcome == "failed" for checked in check.networks):
        raise IncomparableError(text)
    if any(checked.outcome == "exceeded" for checked in check.networks) and not exit_zero:
        raise BudgetExceededError(text)
