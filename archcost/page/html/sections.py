"""A page as sections: what was not counted first, then the totals, the chart, the table, the conventions."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from archcost.metrics import METRICS
from archcost.page.html.chart import chart
from archcost.page.html.markup import element, text
from archcost.page.html.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Column, Figure, Page, Remark

HEADINGS = {"uncovered": "Not counted", "warning": "Warning", "uncalled": "Note", "note": "Note"}
LOUD = ("uncovered", "warning")


def sections(page: Page, name: str, *, headed: bool) -> Iterator[str]:
    """Yield a page's parts; `name` is unique in the document; the page's title may head it already."""
    yield f'<section id="{name}">'
    if headed:
        yield element("h2", text(page.title))
    if page.facts:
        yield element("p", text(" · ".join(page.facts)), class_="facts")
    yield from (_remark(remark) for remark in page.remarks if remark.kind in LOUD)
    if page.figures:
        yield from _figures(page.figures)
    if page.picture is not None:
        # as an image: the styles within it are then no styles of the page, which its policy refuses
        data = b64encode(page.picture().encode()).decode("ascii")
        yield f'<img class="picture" src="data:image/svg+xml;base64,{data}" alt="{text(page.title)}">'
    if page.table is not None:
        yield from chart(page.table)
        yield from table(page.table, f"One row for each {page.table.heading.lower()}", name)
    if page.listing:
        yield element("pre", text("\n".join(page.lines)), tabindex="0")
    yield from (_remark(remark) for remark in page.remarks if remark.kind not in LOUD)
    if page.conventions:
        yield element("p", text(page.conventions), class_="facts")
    if page.table is not None:
        yield from _definitions(page.table.columns)
    yield "</section>"


def _remark(remark: Remark) -> str:
    return element("p", element("strong", f"{HEADINGS[remark.kind]}:"), f" {text(remark.text)}", class_=remark.kind)


def _figures(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a card for each total, with the totals that belong to it."""
    yield '<div class="cards">'
    for n, figure in enumerate(figures):
        if not figure.level:
            yield "</dl><dl>" if n else "<dl>"
        yield element("div", element("dt", text(figure.label)), element("dd", *_figure(figure)), class_=_level(figure))
    yield "</dl>"
    yield "</div>"


def _figure(figure: Figure) -> Iterator[str]:
    if figure.short and figure.short != figure.digits:
        yield element("b", text(figure.short))
        yield f" {element('span', text(figure.digits))}"
    else:
        yield element("b", text(figure.digits))
    if figure.remark:
        yield f" {element('small', text(figure.remark))}"


def _level(figure: Figure) -> str:
    return "part" if figure.level else ""


def _definitions(columns: Sequence[Column]) -> Iterator[str]:
    """Yield what the columns mean, as far as the table of quantities says."""
    known = [METRICS[column.name] for column in columns if column.name in METRICS]
    if known:
        yield "<details><summary>What the columns mean</summary><dl>"
        yield from (f"<dt>{text(each.label)}</dt><dd>{text(each.definition)}</dd>" for each in known)
        yield "</dl></details>"
