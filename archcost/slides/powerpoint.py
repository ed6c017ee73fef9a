"""encode_powerpoint(deck): a deck as a PowerPoint file: text stays text, tables stay tables, charts become pictures."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archcost.errors import MissingPackageError
from archcost.slides import deck as sizes
from archcost.slides.deck import Grid, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.slides.deck import Deck, Draw, Prose, Slide

FAMILY, FIXED = "Arial", "Courier New"  # fonts that every machine has, or replaces by one of the same width
INK, SOFT = "111111", "595959"
LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date keeps the bytes of a deck equal
EMU = 12700  # per point
TITLE_ONLY = 5  # of the layouts


def check_installed() -> None:
    """Check that PowerPoint files can be written.

    Raises:
        MissingPackageError: python-pptx is not installed.
    """
    try:
        import pptx  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingPackageError("PowerPoint needs python-pptx; run `pip install archcost[slides]`") from error


def encode_powerpoint(deck: Deck) -> bytes:
    """Return a deck as a .pptx file. A picture with several steps takes one slide for each.

    Raises:
        MissingPackageError: python-pptx is not installed.
    """
    check_installed()
    from pptx import Presentation

    shown = Presentation()
    shown.slide_width, shown.slide_height = _length(sizes.WIDTH), _length(sizes.HEIGHT)
    shown.core_properties.title = deck.title
    shown.core_properties.author = "archcost"
    shown.core_properties.created = shown.core_properties.modified = LONG_AGO
    shown.core_properties.last_modified_by = ""
    for slide in deck.slides:
        for step in _list_steps(slide):
            number = len(shown.slides) + 1
            _add_slide(shown.slides.add_slide(shown.slide_layouts[TITLE_ONLY]), slide, step, number)
    target = io.BytesIO()
    shown.save(target)
    return _fix_dates(target)


def _list_steps(slide: Slide) -> tuple[Draw | None, ...]:
    return slide.body.steps if isinstance(slide.body, Picture) else (None,)


def _add_slide(page: Any, slide: Slide, draw: Draw | None, number: int) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    title = page.shapes.title
    _place(title, sizes.MARGIN, sizes.TITLE_TOP, sizes.INNER, sizes.TITLE_HEIGHT)
    _write(title, [slide.title], sizes.TITLE_FONT, bold=True)
    title.text_frame.vertical_anchor = MSO_ANCHOR.TOP
    left, top, width, height = sizes.MARGIN, sizes.BODY_TOP, sizes.INNER, sizes.BODY_HEIGHT
    if draw is not None and isinstance(slide.body, Picture):
        _add_picture(page, draw("light", "png"), slide.body.alt)
    elif isinstance(slide.body, Grid):
        _add_table(page, slide.body)
    else:
        box = page.shapes.add_textbox(*map(_length, (left, top, width, height)))
        fixed = getattr(slide.body, "fixed", False)
        _write(box, list(_yield_lines(slide.body)), sizes.FONT, family=FIXED if fixed else FAMILY)  # type: ignore[arg-type]  # prose is left
    source = page.shapes.add_textbox(
        *map(_length, (left, sizes.FOOT_TOP, width - sizes.NUMBER_WIDTH, sizes.FOOT_HEIGHT))
    )
    _write(source, [slide.source], sizes.FONT, colour=SOFT)
    foot = (left + width - sizes.NUMBER_WIDTH, sizes.FOOT_TOP, sizes.NUMBER_WIDTH, sizes.FOOT_HEIGHT)
    counter = page.shapes.add_textbox(*map(_length, foot))
    _write(counter, [str(number)], sizes.FONT, colour=SOFT, align=PP_ALIGN.RIGHT)
    page.notes_slide.notes_text_frame.text = "\n".join(slide.notes)


def _yield_lines(prose: Prose) -> Iterator[str]:
    yield from prose.lines


def _add_picture(page: Any, png: bytes, alt: str) -> None:
    """Add a picture in the middle of the body, as large as it fits."""
    picture = page.shapes.add_picture(io.BytesIO(png), 0, 0)
    scale = min(sizes.INNER * EMU / picture.width, sizes.BODY_HEIGHT * EMU / picture.height)
    width, height = picture.width * scale / EMU, picture.height * scale / EMU
    _place(
        picture, sizes.MARGIN + (sizes.INNER - width) / 2, sizes.BODY_TOP + (sizes.BODY_HEIGHT - height) / 2,
        width, height,
    )  # fmt: skip
    picture._element._nvXxPr.cNvPr.set("descr", alt)  # noqa: SLF001 - it has no other name


def _add_table(page: Any, grid: Grid) -> None:
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    rows, columns = len(grid.rows) + 1, len(grid.headings)
    place = (sizes.MARGIN, sizes.BODY_TOP, sum(grid.widths), 1.0)
    table = page.shapes.add_table(rows, columns, *map(_length, place)).table
    table.horz_banding = False
    for i, width in enumerate(grid.widths):
        table.columns[i].width = _length(width)
    for n, texts in enumerate((grid.headings, *grid.rows)):
        lines = max(text.count("\n") for text in texts) + 1
        table.rows[n].height = _length(lines * sizes.LEADING * sizes.FONT + 5)
        bold = n == 0 or n >= rows - grid.totals
        for i, text in enumerate(texts):
            cell = table.cell(n, i)
            cell.margin_left, cell.margin_right = Pt(0), Pt(9)
            cell.margin_top = cell.margin_bottom = Pt(1)
            cell.fill.background()
            align = PP_ALIGN.RIGHT if grid.numeric[i] else PP_ALIGN.LEFT
            _write(cell, text.split("\n"), sizes.FONT, bold=bold, align=align)


def _write(
    shape: Any, lines: list[str], font: float, *, bold: bool = False, colour: str = INK, family: str = FAMILY,
    align: Any = None,
) -> None:  # fmt: skip
    """Write lines into a shape or a cell without shrinking letters."""
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    frame = shape.text_frame
    frame.word_wrap = True
    if hasattr(shape, "left"):
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for n, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if n == 0 else frame.add_paragraph()
        paragraph.alignment = align
        run = paragraph.add_run()
        run.text = line
        run.font.size, run.font.bold, run.font.name = Pt(font), bold, family
        run.font.color.rgb = RGBColor(*bytes.fromhex(colour))  # type: ignore[no-untyped-call, unused-ignore]  # python-pptx has no types


def _place(shape: Any, left: float, top: float, width: float, height: float) -> None:
    shape.left, shape.top, shape.width, shape.height = map(_length, (left, top, width, height))


def _length(points: float) -> Any:
    from pptx.util import Emu

    return Emu(round(points * EMU))


def _fix_dates(written: io.BytesIO) -> bytes:
    """Return the archive with one fixed date for all files."""
    target = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, LONG_AGO.timetuple()[:6]), old.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()
