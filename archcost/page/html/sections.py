"""A page as sections: first the uncounted operators, then the totals, the chart, the table, the conventions."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from archcost.metrics import METRICS
from archcost.page.html.chart import yield_chart
from archcost.page.html.markup import escape_text, write_element
from archcost.page.html.scales import unify_units
from archcost.page.html.table import yield_table
from archcost.page.html.words import HEADINGS, LOUD, write_caption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Column, Figure, Page, Remark


def yield_sections(page: Page, name: str, *, headed: bool) -> Iterator[str]:
    """Yield a page's parts; `name` is unique in the document; the document may already show the page's title."""
    yield f'<section id="{name}">'
    if headed:
        yield write_element("h2", escape_text(page.title))
    if page.facts:
        yield write_element("p", escape_text(" · ".join(page.facts)), class_="facts")
    yield from (write_element("p", escape_text(paragraph)) for paragraph in page.prose)
    for heading, text in page.folded.items():
        yield write_element("details", write_element("summary", heading), write_element("p", escape_text(text)))
    yield from (_write_remark(remark) for remark in page.remarks if remark.kind in LOUD)
    if page.figures:
        yield from _yield_figures(page.figures)
    if page.picture is not None:
        # as an image, because the page's policy would refuse the picture's own styles
        data = b64encode(page.picture().encode()).decode("ascii")
        yield f'<img class="picture" src="data:image/svg+xml;base64,{data}" alt="{escape_text(page.title)}">'
    if page.table is not None:
        table = unify_units(page.table)
        yield from yield_chart(table)
        yield from yield_table(table, write_caption(table), name)
    if page.listing:
        yield write_element("pre", escape_text("\n".join(page.lines)), tabindex="0")
    yield from (_write_remark(remark) for remark in page.remarks if remark.kind not in LOUD)
    if page.conventions:
        yield write_element("p", escape_text(page.conventions), class_="facts")
    if page.table is not None:
        yield from _yield_definitions(page.table.columns)
    yield "</section>"


def _write_remark(remark: Remark) -> str:
    return write_element(
        "p", write_element("strong", f"{HEADINGS[remark.kind]}:"), f" {escape_text(remark.text)}", class_=remark.kind
    )


def _yield_figures(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a card for each total, with related totals."""
    yield '<div class="cards">'
    for n, figure in enumerate(figures):
        if not figure.level:
            yield "</dl><dl>" if n else "<dl>"
        yield write_element(
            "div",
            write_element("dt", escape_text(figure.label)),
            write_element("dd", *_yield_figure(figure)),
            class_=_choose_class(figure),
        )
    yield "</dl>"
    yield "</div>"


def _yield_figure(figure: Figure) -> Iterator[str]:
    if figure.short and figure.short != figure.digits:
        yield write_element("b", escape_text(figure.short))
        yield f" {write_element('span', escape_text(figure.digits))}"
    else:
        yield write_element("b", escape_text(figure.digits))
    if figure.remark:
        yield f" {write_element('small', escape_text(figure.remark))}"


def _choose_class(figure: Figure) -> str:
    return "part" if figure.level else ""


def _yield_definitions(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the meanings of columns that are quantities."""
    known = [METRICS[column.name] for column in columns if column.name in METRICS]
    if known:
        yield "<details><summary>What the columns mean</summary><dl>"
        yield from (f"<dt>{escape_text(each.label)}</dt><dd>{escape_text(each.definition)}</dd>" for each in known)
        yield "</dl></details>"
