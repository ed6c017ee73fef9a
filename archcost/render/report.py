"""The views of a report, and `render`, which returns a view as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from archcost.errors import ArgumentError
from archcost.page.document import Document
from archcost.page.emit import emit
from archcost.page.page import Page, Table
from archcost.page.rows import read_table
from archcost.page.target import Target
from archcost.render import lecture, summary, timing, views
from archcost.render.frames import build_layer_rows
from archcost.render.saved import build_saved
from archcost.render.timeline import build_timeline
from archcost.render.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.page.rows import Rows
    from archcost.records import Report, Sample


def render(
    report: Report,
    format: str = "table",  # noqa: A002 - what the command line calls it
    *,
    view: str = "layers",
    depth: int | None = None,
    sort: str | None = None,
    columns: Sequence[str] | None = None,
    binary: bool = False,
    flops: bool = False,
    width: int | None = None,
    color: str = "auto",
    target: TextIO | None = None,
) -> str:
    """Return a report as text.

    Args:
        report: the report to render.
        format: "table" for a terminal, "json" (always the whole report), "csv" (raw integers), "markdown", or "html"
            (one file that needs no network, with charts and a table that can be sorted and folded).
        view: "layers", "modules" (sums), "ops" (per operator), "lecture" (the table of the CS231n slides), "memory"
            (the live memory while each layer runs; needs a timeline), "saved" (the tensors that training saves; needs
            their list), or "time" (needs measured times).
        depth: the number of module levels in the view "modules"; 1 by default.
        sort: a quantity to sort by, the largest first.
        columns: the quantities to show instead of the default ones.
        binary: KiB and MiB instead of kB and MB.
        flops: show the operations as products in the lecture's table.
        width: columns of the terminal, for "table"; see `archcost.page.target.Target`, also for the next two.
        color: "always", "never" or "auto".
        target: the output that will receive the text.

    Raises:
        ArgumentError: the format or the view does not take an option, or a name is not a quantity.
    """
    place = Target(stream=target, width=width, color=color)
    shown = View(name=view, depth=depth, sort=sort, columns=columns, binary=binary, flops=flops)
    shown.check_formats((format,))
    return emit(build_document(report, shown), format, place)


def build_document(report: Report, view: View) -> Document:
    """Return the document of a view; its data are always the whole report."""
    return Document(
        pages=lambda: (build_page(report, view),),
        data=report.to_json,
        rows=lambda: _build_rows(report, view),
    )


def build_page(report: Report, view: View) -> Page:
    """Return the page of a view."""
    title, facts, remarks = (
        summary.spell_title(report.network),
        summary.list_facts(report),
        summary.list_remarks(report),
    )
    if view.name == "lecture":
        return Page(title=title, facts=facts, listing=lecture.write_listing(report, flops=view.flops), remarks=remarks)
    if view.name == "time":
        sample = _find_sample(report)
        return Page(
            title=title,
            facts=facts,
            table=None if sample.layers is None else timing.build_rows_table(sample),
            figures=timing.list_figures(report, binary=view.binary),
            conventions=timing.spell_conditions(sample),
            remarks=(*timing.list_remarks(sample), *remarks),
        )
    return Page(
        title=title,
        facts=facts,
        table=_build_table(report, view),
        figures=(*summary.list_figures(report, binary=view.binary), *timing.list_figures(report, binary=view.binary)),
        conventions=summary.spell_conventions(report, binary=view.binary),
        remarks=remarks,
    )


def _build_table(report: Report, view: View) -> Table:
    """Return the table of a view."""
    sort, columns, binary = view.sort, view.columns, view.binary
    if view.name == "layers":
        return views.build_layers(report, sort=sort, columns=columns, binary=binary)
    if view.name == "modules":
        return views.build_modules(report, depth=view.depth or 1, sort=sort, columns=columns, binary=binary)
    if view.name == "memory":
        return build_timeline(report, binary=binary)
    if view.name == "saved":
        return build_saved(report, binary=binary)
    if view.name == "time":
        return timing.build_rows_table(_find_sample(report))
    return views.build_operators(report, sort=sort, columns=columns)


def _build_rows(report: Report, view: View) -> Rows:
    view.check_formats(("csv",))
    if view.name == "layers" and view.columns is None:
        return build_layer_rows(report, sort=view.sort)
    return read_table(_build_table(report, view))


def _find_sample(report: Report) -> Sample:
    if report.measured is None:
        raise ArgumentError("the report has no times; profile with --time")
    return report.measured
