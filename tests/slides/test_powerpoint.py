"""PowerPoint, read back by python-pptx: text stays text, nothing lies outside a slide, boxes do not overlap."""

from __future__ import annotations

import io
import itertools

import pytest

from archcost.profiling.profile import profile
from archcost.slides import build_network_deck, encode_powerpoint

pytestmark = pytest.mark.extras


@pytest.fixture(scope="module")
def deck():
    return build_network_deck(profile("lenet5", device="meta"))


@pytest.fixture(scope="module")
def written(deck):
    pytest.importorskip("pptx")
    return encode_powerpoint(deck)


@pytest.fixture(scope="module")
def shown(written):
    from pptx import Presentation

    return Presentation(io.BytesIO(written))


def list_boxes(slide, shown):
    """Return the left, top, right and bottom of each shape; a table is as high as its rows."""
    for shape in slide.shapes:
        height = sum(row.height for row in shape.table.rows) if shape.has_table else shape.height
        yield shape.left, shape.top, shape.left + shape.width, shape.top + height


def test_every_box_lies_within_its_slide_and_overlaps_no_other(shown):
    for slide in shown.slides:
        boxes = list(list_boxes(slide, shown))
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= shown.slide_width
            assert 0 <= top < bottom <= shown.slide_height
        for one, other in itertools.combinations(boxes, 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)


def test_titles_notes_and_tables_are_text_of_18_points_or_more(deck, shown):
    assert [slide.shapes.title.text_frame.text for slide in shown.slides] == [slide.title for slide in deck.slides]
    for slide, page in zip(deck.slides, shown.slides, strict=True):
        assert page.notes_slide.notes_text_frame.text == "\n".join(slide.notes)
        frames = [shape.text_frame for shape in page.shapes if shape.has_text_frame]
        frames += [cell.text_frame for shape in page.shapes if shape.has_table for cell in shape.table.iter_cells()]
        runs = [run for frame in frames for paragraph in frame.paragraphs for run in paragraph.runs]
        assert runs
        assert min(run.font.size.pt for run in runs) >= 18


def test_the_same_deck_has_the_same_bytes(deck, written):
    assert encode_powerpoint(deck) == written
