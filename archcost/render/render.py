"""render(report, format): the one door to every form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TextIO, get_args

from archcost.errors import ArgumentError
from archcost.page.page import Page
from archcost.render import lecture, summary, timing, views
from archcost.render.columns import layer_metric
from archcost.render.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Report

Format = Literal["table", "json", "csv", "markdown", "html"]
View = Literal["layers", "modules", "ops", "lecture", "memory", "time"]
FORMATS: tuple[str, ...] = get_args(Format)
VIEWS: tuple[str, ...] = get_args(View)
COLORS = ("auto", "always", "never")


def render(
    report: Report,
    format: str = "table",  # noqa: A002 - what the command line calls it
    *,
    view: str = "layers",
    depth: int | None = None,
    sort: str | None = None,
    columns: Sequence[str] | None = None,
    binary: bool = False,
    width: int | None = None,
    color: str = "auto",
    target: TextIO | None = None,
) -> str:
    """Return a report as text.

    Args:
        report: the report.
        format: "table" for a terminal, "json" (always the whole report), "csv" (raw integers), "markdown", or "html"
            (one file that needs no network, with charts and a table that can be sorted and folded).
        view: "layers", "modules" (sums), "ops" (per operator), "lecture" (the table of the CS231n slides), "memory"
            (what is alive while each layer runs, of a report with a timeline), or "time" (of one that was measured).
        depth: how many levels of modules "modules" shows; 1 unless given.
        sort: a quantity to sort by, the largest first.
        columns: the quantities to show, instead of the usual ones.
        binary: KiB and MiB instead of kB and MB.
        width: columns of the terminal, for "table"; see `archcost.page.target.fitted`, also for the next two.
        color: "always", "never" or "auto".
        target: where the text will be written.

    Raises:
        ArgumentError: an option that the format or the view does not take, or a quantity that is none.
    """
    _check("color", color, COLORS)
    check_options(view, format, depth=depth, sort=sort, columns=columns)
    if format == "json":
        return report.to_json()
    if format == "csv":
        return _csv(report, view, depth=depth, sort=sort, columns=columns)
    page = page_of(report, view, depth=depth, sort=sort, columns=columns, binary=binary)
    if format == "markdown":
        from archcost.page.markdown import markdown

        return markdown(page)
    if format == "html":
        from archcost.page.html import html

        return html(page)
    from archcost.page.target import fitted

    return fitted(page, target, width=width, color=color)


def page_of(
    report: Report,
    view: str,
    *,
    depth: int | None = None,
    sort: str | None = None,
    columns: Sequence[str] | None = None,
    binary: bool = False,
) -> Page:
    """Return what a view shows, whatever the form."""
    title, facts, remarks = summary.title(report.network), summary.facts(report), summary.remarks(report)
    if view == "lecture":
        return Page(title=title, facts=facts, listing=lecture.listing(report), remarks=remarks)
    if view == "time":
        return _timed(report, Page(title=title, facts=facts, remarks=remarks), binary=binary)
    if view == "layers":
        table = views.layers(report, sort=sort, columns=columns, binary=binary)
    elif view == "modules":
        table = views.modules(report, depth=depth or 1, sort=sort, columns=columns, binary=binary)
    elif view == "memory":
        table = timeline(report, binary=binary)
    else:
        table = views.operators(report, sort=sort, columns=columns)
    return Page(
        title=title,
        facts=facts,
        table=table,
        figures=(*summary.figures(report, binary=binary), *timing.figures(report, binary=binary)),
        conventions=summary.conventions(report, binary=binary),
        remarks=remarks,
    )


def _timed(report: Report, page: Page, *, binary: bool) -> Page:
    sample = report.measured
    if sample is None:
        raise ArgumentError("the report has no times; profile with --time")
    return replace(
        page,
        table=None if sample.layers is None else timing.rows_table(sample),
        figures=timing.figures(report, binary=binary),
        conventions=timing.conditions(sample),
        remarks=(*timing.remarks(sample), *page.remarks),
    )


def _csv(report: Report, view: str, *, depth: int | None, sort: str | None, columns: Sequence[str] | None) -> str:
    from archcost.page.csv_text import table_csv
    from archcost.render.frames import layers_csv

    if view == "layers" and columns is None:
        return layers_csv(report, sort=sort)
    table = page_of(report, view, depth=depth, sort=sort, columns=columns).table
    if table is None and report.measured is not None:
        table = timing.rows_table(report.measured)  # which says why there is none
    assert table is not None  # noqa: S101 - every other view has one
    return table_csv(table)


def _check(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ArgumentError(f"there is no {what} {value!r}; there are {', '.join(allowed)}")


def check_options(
    view: str,
    format: str,  # noqa: A002 - as in `render`
    *,
    depth: int | None,
    sort: str | None,
    columns: Sequence[str] | None,
) -> None:
    """Find out before a report is made whether its view takes these options.

    Raises:
        ArgumentError: an option that the format or the view does not take, or a quantity that no row has.
    """
    _check("format", format, FORMATS)
    _check("view", view, VIEWS)
    for name in (*(columns or ()), *(() if sort is None else (sort,))):
        layer_metric(name)
    if depth is not None and view != "modules":
        raise ArgumentError("--depth belongs to --view modules: how many levels of modules it shows")
    if depth is not None and depth < 1:
        raise ArgumentError(f"--depth must be at least 1, not {depth}")
    if view == "time" and (sort is not None or columns is not None):
        raise ArgumentError("--view time has the order of execution and its own columns; --sort and --columns do not")
    if view == "memory" and (sort is not None or columns is not None):
        raise ArgumentError("--view memory has the order of execution and its own columns; --sort and --columns do not")
    if view == "lecture" and (sort is not None or columns is not None):
        raise ArgumentError(
            "the lecture's table has its own order and columns; --sort and --columns need another --view"
        )
    if view == "lecture" and format == "csv":
        raise ArgumentError("the lecture's table is text, not CSV; use --format table or markdown, or another --view")
