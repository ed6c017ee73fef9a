"""A page as LaTeX, for a paper or slides that input it; its first line names the packages that it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcost.page.flat import HEADINGS, flatten_table
from archcost.page.latex_columns import fit_columns
from archcost.page.page import clean_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.document import Document
    from archcost.page.latex_columns import Fitted
    from archcost.page.page import Figure, Page, Table
    from archcost.page.target import Target

LONG = 40  # the most lines on one page
BREAK = re.compile(r"(?:\\_|[/?=])(?=\S)|[.,:@](?=[^\s\d])")  # behind these a path may break, but no number
HASH = re.compile(r"[0-9a-f]{10}(?=[0-9a-f]{10})")  # of a revision, which breaks anywhere
ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
        ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
        "µ": r"\textmu{}", "·": r"\textperiodcentered{}", "\u00d7": r"\texttimes{}", "±": r"\textpm{}", "…": r"\dots{}",
        "→": r"$\rightarrow$", "\u2212": r"$-$", "≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$",
    }
    | {mark: f"\\{mark}" for mark in "&%$#_{}"}
)  # fmt: skip


def write_text(document: Document, target: Target) -> str:
    """Return a document's pages."""
    del target
    return "\n".join(write_page(page) for page in document.pages())


def write_page(page: Page) -> str:
    """Return one page: its table, with the title as caption, then the totals and the remarks."""
    return "\n".join(_yield_page(clean_page(page))) + "\n"


def _yield_page(page: Page) -> Iterator[str]:
    yield "% needs \\usepackage{array,booktabs,longtable,lscape,textcomp}"
    if page.table is not None:
        yield from _yield_table(page.table, _join_caption(page))
    else:
        yield rf"\paragraph{{{escape_text(page.title)}}}{escape_text(' · '.join(page.facts))}"
    if page.listing:
        yield from ("", r"\begin{flushleft}\footnotesize\ttfamily")
        yield from (_write_listed(line) for line in page.lines)
        yield r"\end{flushleft}"
    if page.figures:
        yield ""
        yield from _yield_figures(page.figures)
    folded = (f"{heading}: {text}" for heading, text in page.folded.items())
    texts = [
        *page.prose,
        *folded,
        page.conventions,
        *(f"{HEADINGS[remark.kind]}: {remark.text}" for remark in page.remarks),
    ]
    for text in filter(None, texts):
        yield from ("", rf"\noindent{{\sloppy {_allow_breaks(text)}\par}}")


def _join_caption(page: Page) -> str:
    return escape_text(". ".join((page.title, *([" · ".join(page.facts)] if page.facts else []))))


def _yield_table(table: Table, caption: str) -> Iterator[str]:
    flat = flatten_table(table)
    names = [line.label if line.role == "total" else line.name or line.label for line, _ in flat.lines]
    rows = [
        [name, *(cells or [""] * len(flat.headings))] for name, (_, cells) in zip(names, flat.lines, strict=True)
    ]  # fmt: skip
    headings = [table.heading, *flat.headings]
    numeric = [False, *flat.numeric]
    fitted = fit_columns([*zip(headings, *rows, strict=True)], numeric)
    body = []
    for row, (line, _) in zip(rows, flat.lines, strict=True):
        texts = [
            escape_text(text) if width is None else _allow_breaks(text)
            for text, width in zip(row, fitted.widths, strict=True)
        ]
        if line.role == "total":
            body.append(r"\midrule")
        else:
            texts[0] = rf"\texttt{{{texts[0]}}}"
        body.append(" & ".join(texts) + r" \\")
    turn = (r"\begin{landscape}", r"\end{landscape}") if fitted.turned else ()
    yield from turn[:1]
    lines = sum(map(fitted.count_lines, rows))
    yield from _yield_frame(body, _write_row(headings), fitted, numeric, caption, long=lines > LONG)
    yield from turn[1:]


def _yield_frame(
    body: Sequence[str], head: str, fitted: Fitted, numeric: Sequence[bool], caption: str, *, long: bool
) -> Iterator[str]:
    """Yield a table around its rows, one that goes over pages if it is long."""
    columns, name = fitted.align(numeric), fitted.size.name
    gap = rf"\setlength{{\tabcolsep}}{{{fitted.size.gap / 2:.0f}pt}}"
    size = () if name == "normalsize" else (rf"\{name}{gap}",)
    if long:
        yield from (r"\begingroup", *size, rf"\begin{{longtable}}{{{columns}}}", rf"\caption{{{caption}}}\\")
        yield from (r"\toprule", head, r"\midrule", r"\endfirsthead")
        yield from (r"\toprule", head, r"\midrule", r"\endhead")
        yield from (*body, r"\bottomrule", r"\end{longtable}", r"\endgroup")
        return
    yield from (r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", *size, rf"\begin{{tabular}}{{{columns}}}")
    yield from (r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}")


def _allow_breaks(text: str) -> str:
    """Escape a text that is wrapped, so that a path may break behind its dots, and a revision anywhere."""
    return HASH.sub(r"\g<0>\\allowbreak{}", BREAK.sub(r"\g<0>\\allowbreak{}", escape_text(text)))


def _yield_figures(figures: tuple[Figure, ...]) -> Iterator[str]:
    rows = [
        (figure.label, figure.digits, figure.short if figure.short != figure.digits else "", figure.remark)
        for figure in figures
    ]
    numeric = (False, True, True, False)
    fitted = fit_columns([*zip(*rows, strict=True)], numeric)
    yield from (r"\begingroup", rf"\{fitted.size.name}", rf"\begin{{tabular}}{{{fitted.align(numeric)}}}", r"\toprule")
    for figure, row in zip(figures, rows, strict=True):
        yield r"\quad " * figure.level + _write_row(row)
    yield from (r"\bottomrule", r"\end{tabular}", r"\endgroup")


def _write_listed(line: str) -> str:
    """Return a line of a listing with its spaces kept."""
    text = line.lstrip(" ")
    return rf"\mbox{{}}{'~' * (len(line) - len(text))}{escape_text(text)}\\"


def _write_row(texts: Sequence[str]) -> str:
    return " & ".join(map(escape_text, texts)) + r" \\"


def escape_text(text: str) -> str:
    """Escape a text so that LaTeX prints every character, commands and foreign letters included."""
    return text.translate(ESCAPED)
