"""Test cases: the results of a check for programs that show tests."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Case(NamedTuple):
    """One case. A `failure` says what was expected, an `error` what went wrong; a `note` passes with a remark.

    `message` is one line, `text` may have several. `type` is the kind of a failure.
    """

    name: str
    outcome: Literal["passed", "note", "failure", "error"] = "passed"
    message: str = ""
    text: str = ""
    type: str = ""


class Suite(NamedTuple):
    """The cases of one network."""

    name: str
    cases: tuple[Case, ...]
