"""Properties of every kind of chart: legible letters without overlaps."""

import pytest
from letters import find_lines, find_overlaps, find_shown

from archcost.charts import KINDS, SIZES, Words, check_option, draw
from archcost.charts.kinds import OPTIONS
from archcost.errors import ArgumentError

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


# placing the names of fifty balls takes seconds: test one size here, the others are extras
BALLS = {"accuracy-flops", "accuracy-params", "accuracy-time", "accuracy-rate", "flops-time"}


def choose_marks(kind, size):
    return pytest.mark.extras if kind in BALLS and size != "slide" else []


EVERY_SIZE = [pytest.param(kind, size, marks=choose_marks(kind, size)) for size in SIZES for kind in KINDS]


@pytest.mark.parametrize(("kind", "size"), EVERY_SIZE)
def test_no_text_lies_over_another_or_off_the_canvas(data, kind, size):
    figure = draw(kind, data[kind], size=size, words=Words(title="") if size == "body" else None)  # decks have it
    texts = find_lines(figure)
    width, height = figure.bbox.size
    assert len(texts) > 8  # the texts of the axes and the title are among them
    assert find_overlaps(texts) == []
    assert [text for text, box, _ in texts if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height] == []


@EVERY_KIND
def test_letters_can_be_read_from_the_last_row(data, kind):
    assert min(points for _, _, points in find_shown(draw(kind, data[kind]))) >= 14


@pytest.mark.parametrize("kind", ["accuracy-flops", "layers", "block"])
def test_a_dark_chart_has_the_same_letters_in_the_same_places(data, kind):
    light, dark = (find_shown(draw(kind, data[kind], theme=theme)) for theme in ("light", "dark"))
    assert [(text, box.bounds) for text, box, _ in light] == [(text, box.bounds) for text, box, _ in dark]


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match="did you mean accuracy-flops"):
        draw("acuracy-flops", None)


def test_an_option_belongs_to_some_kinds():
    check_option("memory-batch", "batches", given=True)
    check_option("layers", "batches", given=False)
    with pytest.raises(ArgumentError, match="--batches belongs to memory-batch, not to layers"):
        check_option("layers", "batches", given=True)


def test_every_option_belongs_to_kinds_that_draw_it(everything):
    assert {kind for kinds in OPTIONS.values() for kind in kinds} <= set(KINDS)
    for kind in OPTIONS["labels"]:
        draw(kind, everything, labels="none")
