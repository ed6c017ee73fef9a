"""write_html(deck): a deck as one page that contains reveal.js, with the security policy of all our pages."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from archcost.page.html.document import write_file
from archcost.page.html.markup import escape_text, write_element
from archcost.slides.deck import Grid, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.slides.deck import Deck, Prose, Slide

THEMES = ("light", "dark")
TOOLS = """<nav class="tools" aria-label="Slides">
<button type="button" id="notes">Notes (s)</button>
<button type="button" id="overview">Overview (o)</button>
<button type="button" id="theme">Theme (t)</button>
</nav>"""


def write_html(deck: Deck) -> str:
    """Return a deck as one self-contained file: arrows turn the slides, s shows the notes, o all slides."""
    style, script = _read_resources()
    slides = "\n".join(map(_write_slide, deck.slides))
    body = [f'<div class="reveal"><div class="slides">\n{slides}\n</div></div>', TOOLS]
    return write_file(escape_text(deck.title), style, script, body)


def _write_slide(slide: Slide) -> str:
    return write_element(
        "section",
        write_element("h2", escape_text(slide.title)),
        write_element("div", *_yield_body(slide), class_="body"),
        write_element("footer", escape_text(slide.source)),
        write_element("aside", *(write_element("p", escape_text(note)) for note in slide.notes), class_="notes"),
    )


def _yield_body(slide: Slide) -> Iterator[str]:
    if isinstance(slide.body, Picture):
        yield from _yield_pictures(slide.body)
    elif isinstance(slide.body, Grid):
        yield write_element("div", *_yield_table(slide.body), class_="scroll")
    else:
        yield _write_prose(slide.body)


def _yield_pictures(picture: Picture) -> Iterator[str]:
    """Yield each step in both themes; a later step covers the earlier ones."""
    for n, draw in enumerate(picture.steps):
        images = []
        for theme in THEMES:
            data = b64encode(draw(theme, "svg")).decode("ascii")
            source = f"data:image/svg+xml;base64,{data}"
            images.append(f'<img class="{theme}" src="{source}" alt="{escape_text(picture.alt)}">')
        yield write_element("div", *images, class_="picture fragment" if n else "picture")


def _yield_table(grid: Grid) -> Iterator[str]:
    kinds = ["" if numeric else "t" for numeric in grid.numeric]
    yield "<table><thead><tr>"
    for heading, kind in zip(grid.headings, kinds, strict=True):
        yield write_element("th", _break(heading), scope="col", class_=kind)
    yield "</tr></thead><tbody>"
    for n, row in enumerate(grid.rows):
        cells = [write_element("th", _break(row[0]), scope="row")]
        cells += [write_element("td", _break(text), class_=kind) for text, kind in zip(row[1:], kinds[1:], strict=True)]
        yield write_element("tr", *cells, class_="total" if n >= len(grid.rows) - grid.totals else "")
    yield "</tbody></table>"


def _write_prose(prose: Prose) -> str:
    if prose.fixed:
        return write_element("pre", escape_text("\n".join(prose.lines)))
    paragraphs = " ".join(line or "\n" for line in prose.lines).split("\n")
    return "".join(write_element("p", escape_text(paragraph.strip())) for paragraph in paragraphs)


def _break(text: str) -> str:
    return "<br>".join(map(escape_text, text.split("\n")))


@cache
def _read_resources() -> tuple[str, str]:
    """Return the style sheet and the script, each reveal.js's followed by ours."""
    folder = files("archcost.slides")

    def read(name: str) -> str:
        return folder.joinpath(name).read_text(encoding="utf-8").partition("//# sourceMappingURL")[0]

    return read("reveal/reveal.css") + read("deck.css"), read("reveal/reveal.js") + read("deck.js")
