"""Results in a notebook: each document as a small HTML fragment or as text."""

from __future__ import annotations

from functools import singledispatch

from archcost.page.document import Document
from archcost.page.emit import emit
from archcost.page.html.snippet import write_snippet
from archcost.page.target import Target
from archcost.records import Check, Checked, Comparison, Difference, Fit, Report, Sweep
from archcost.render import check, comparing, fitting, report, sweep
from archcost.render.view import View

PLAIN = Target(color="never")


def write_html(result: object) -> str:
    """Return a result as an HTML fragment without scripts, ids, or styles that affect the rest of the page."""
    return write_snippet(build_document(result).pages())


def write_text(result: object) -> str:
    """Return a result as the terminal's table."""
    return emit(build_document(result), "table", PLAIN)


@singledispatch
def build_document(result: object) -> Document:
    """Return the document of a result.

    Raises:
        TypeError: results of this type have no document.
    """
    raise TypeError(f"{type(result).__name__} has no page")


@build_document.register
def _(result: Report) -> Document:
    return report.build_document(result, View())


@build_document.register
def _(result: Comparison) -> Document:
    return comparing.build_document(result)


@build_document.register
def _(result: Difference) -> Document:
    return check.build_document(
        Check(baseline="before", networks=(Checked(name=result.network.name, difference=result),))
    )


@build_document.register
def _(result: Check) -> Document:
    return check.build_document(result)


@build_document.register
def _(result: Sweep) -> Document:
    return sweep.build_document(result)


@build_document.register
def _(result: Fit) -> Document:
    return fitting.build_document(result)
