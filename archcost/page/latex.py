"""A page as LaTeX, for a paper or slides that input it; it needs the packages booktabs, longtable and textcomp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.page.flat import HEADINGS, flatten_table
from archcost.page.page import clean_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.document import Document
    from archcost.page.flat import Flat
    from archcost.page.page import Figure, Page, Table
    from archcost.page.target import Target

LONG = 40  # the most lines on one page
PROSE = 40  # letters beyond which the cells of a column are wrapped
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
    yield "% needs \\usepackage{booktabs,longtable,textcomp}"
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
        yield from ("", rf"\noindent {escape_text(text)}")


def _join_caption(page: Page) -> str:
    return escape_text(". ".join((page.title, *([" · ".join(page.facts)] if page.facts else []))))


def _yield_table(table: Table, caption: str) -> Iterator[str]:
    flat = flatten_table(table)
    columns = "".join(_align_columns(flat))
    head = _write_row([table.heading, *flat.headings])
    body = []
    for line, cells in flat.lines:
        if line.role == "total":
            body.append(r"\midrule")
            name = escape_text(line.label)
        else:
            name = rf"\texttt{{{escape_text(line.name or line.label)}}}"
        body.append(f"{name} & {_write_row(cells)}" if cells else rf"{name} \\")
    if len(body) > LONG:
        yield rf"\begin{{longtable}}{{{columns}}}"
        yield rf"\caption{{{caption}}}\\"
        yield from (r"\toprule", head, r"\midrule", r"\endfirsthead")
        yield from (r"\toprule", head, r"\midrule", r"\endhead")
        yield from (*body, r"\bottomrule", r"\end{longtable}")
        return
    yield from (r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\begin{{tabular}}{{{columns}}}")
    yield from (r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}")


def _align_columns(flat: Flat) -> Iterator[str]:
    yield "l"
    for i, numeric in enumerate(flat.numeric):
        longest = max((len(cells[i]) for _, cells in flat.lines), default=0)
        yield "r" if numeric else "l" if longest <= PROSE else r"p{0.25\linewidth}"


def _yield_figures(figures: tuple[Figure, ...]) -> Iterator[str]:
    yield from (r"\begin{tabular}{lrrl}", r"\toprule")
    for figure in figures:
        short = figure.short if figure.short != figure.digits else ""
        yield r"\quad " * figure.level + _write_row([figure.label, figure.digits, short, figure.remark])
    yield from (r"\bottomrule", r"\end{tabular}")


def _write_listed(line: str) -> str:
    """Return a line of a listing with its spaces kept."""
    text = line.lstrip(" ")
    return rf"\mbox{{}}{'~' * (len(line) - len(text))}{escape_text(text)}\\"


def _write_row(texts: Sequence[str]) -> str:
    return " & ".join(map(escape_text, texts)) + r" \\"


def escape_text(text: str) -> str:
    """Escape a text so that LaTeX prints every character, commands and foreign letters included."""
    return text.translate(ESCAPED)
