"""Decks: the room on a slide, the slides of a page and a network, and the content of a file of slides."""

from __future__ import annotations

import re

import pytest

from archcost.claims import check, read_published
from archcost.cli import run
from archcost.lectures import LECTURES, Lecture
from archcost.page.page import Cell, Column, Line, Page, Table
from archcost.profiling.profile import profile
from archcost.render.report import build_page
from archcost.render.view import View
from archcost.slides import build_lecture_deck, build_network_deck, write_html
from archcost.slides.deck import BODY_HEIGHT, INNER, Grid, Picture, Prose
from archcost.slides.grids import build_grids
from archcost.slides.lecture import list_stages
from archcost.slides.pages import Frame, build_slides
from archcost.slides.room import break_text, deal_rows, fit_footer, fit_title, line_height, measure_text

PAGE = Lecture(
    "small", "# Small\n\nOf little.\n\n## Two is more than one\n\nThe arithmetic.\n\n$ archcost list lenet5_1998\n"
)


@pytest.fixture(scope="module")
def report():
    return profile("lenet5", device="meta")


class Runner:
    """Replaces archcost's commands: each shows one table, and draws its own name."""

    def read_pages(self, arguments):
        return [Page(title="Shown", table=build_table(2))]

    def draw(self, arguments, theme, format_):
        return f"<svg>{theme} {' '.join(arguments)}</svg>".encode()


def build_table(rows, text="x"):
    lines = tuple(
        Line(name=f"r{i}", label=f"r{i}", cells=(Cell(text=text, raw=text), Cell(text="1"))) for i in range(rows)
    )
    columns = (Column(name="words", heading="Words", numeric=False), Column(name="n", heading="N"))
    return Table(heading="Row", columns=columns, lines=lines)


def measure_grid(grid):
    """Return the height of a table, with 5 points added to the lines of each row."""
    rows = (grid.headings, *grid.rows)
    return sum(line_height(max(text.count("\n") for text in row) + 1) + 5 for row in rows)


def test_a_text_is_broken_between_words_and_long_words_within():
    lines = break_text("one two " + "w" * 200, 300)
    assert lines[0] == "one two"
    assert "".join(lines[1:]) == "w" * 200
    assert all(measure_text(line) <= 300 for line in lines)


def test_a_title_has_two_lines_at_most_and_a_footer_one():
    assert fit_title("Short") == "Short"
    assert fit_title("word " * 80).endswith("…")
    assert fit_footer(["a", "b"]) == "a; b"
    assert fit_footer(["a", "b" * 200]) == "a; and 1 more"
    assert fit_footer(["word " * 60]).endswith("…")
    assert fit_footer([]) == ""


def test_rows_are_dealt_out_evenly_and_none_is_lost():
    dealt = deal_rows([10.0] * 10, 60)
    assert [len(part) for part in dealt] == [5, 5]  # two slides hold six each
    assert [i for part in dealt for i in part] == [*range(10)]
    assert deal_rows([100.0, 1.0], 60) == [range(1), range(1, 2)]  # a part that is too high gets its own slide


def test_a_long_table_is_split_and_each_part_fits():
    slides = build_slides(Page(title="Shown", table=build_table(40)), Frame("It is long", ("said",), ("us",)))
    grids = [slide.body for slide in slides]
    assert sum(len(grid.rows) for grid in grids) == 40
    assert all(measure_grid(grid) <= BODY_HEIGHT for grid in grids)
    assert all(sum(grid.widths) <= INNER for grid in grids)
    assert slides[0].title == f"It is long (1 of {len(slides)})"
    assert slides[0].notes[0] == "said"
    assert {slide.source for slide in slides} == {"us"}


def test_a_text_that_is_too_long_for_a_slide_is_told():
    (slide,) = build_slides(Page(title="Shown", table=build_table(2, "word " * 60)), Frame("Titled"))
    assert slide.body.headings == ("Row", "N")
    assert f"r0: {'word ' * 60}" in slide.notes


def test_the_lectures_table_shows_results_and_tells_products(report):
    slides = build_network_deck(report).slides
    listed = [slide for slide in slides if "row by row" in slide.title]
    rows = [row for slide in listed for row in slide.body.rows]
    first = next(row for row in rows if row[0].startswith("CONV"))
    conv = next(layer for layer in report.layers if layer.role == "convolution")
    assert first[2] == f"{conv.weights:,}"
    assert first[3] == f"{conv.macs:,}"
    assert any("=" in note for note in listed[0].notes)
    assert rows[-1][0] == "TOTAL"


def test_steps_build_the_diagram_up_in_the_order_of_execution(report):
    (still,), grown = (
        next(slide.body.steps for slide in build_network_deck(report, steps=steps).slides if "longest" in slide.title)
        for steps in (False, True)
    )
    boxes = [draw("light", "svg").count(b'id="box-') for draw in grown]
    assert boxes == sorted({*boxes})
    assert boxes[0] >= 1
    assert grown[-1]("light", "svg") == still("light", "svg")


def test_a_network_has_a_slide_for_each_of_its_costs_and_nothing_is_cut(report):
    deck = build_network_deck(report)
    titles = [slide.title for slide in deck.slides]
    total, most = report.totals.params, max(layer.params for layer in report.layers)
    assert any(f"{100 * most / total:.1f} % of the parameters" in title for title in titles)
    assert any("of the memory is in" in title for title in titles)
    assert any("of the multiply-adds are in" in title for title in titles)
    assert any(" sees " in title for title in titles)
    for slide in deck.slides:
        assert slide.source
        if isinstance(slide.body, Grid):
            assert measure_grid(slide.body) <= BODY_HEIGHT
            assert sum(slide.body.widths) <= INNER
        elif isinstance(slide.body, Prose):
            assert line_height(len(slide.body.lines)) <= BODY_HEIGHT


def test_many_rows_are_told_and_their_modules_shown():
    report = profile("resnet50", device="meta")
    slides = build_network_deck(report).slides
    (shown,) = [slide for slide in slides if "module by module" in slide.title]
    macs = sum(layer.macs for layer in report.layers if layer.name.startswith("conv4_x."))

    assert shown.title.endswith(f"{100 * macs / report.totals.macs:.1f} % of the multiply-adds are in conv4_x")
    assert not any("row by row" in slide.title for slide in slides)
    assert any("params: (7*7*3)*64 = 9,408  ops: 112x112x64x7x7x3 = 118,013,952" in note for note in shown.notes)


def test_printed_figures_of_all_sources_share_a_table():
    claims = [claim for claim in read_published() if claim.network == "resnet50"]
    findings = check(claims)
    slides = build_network_deck(profile("resnet50", device="meta"), findings).slides
    (shown,) = [slide for slide in slides if "printed figures" in slide.title]

    assert {finding.verdict for finding in findings} == {"match", "rounding"}
    assert shown.title == f"ResNet-50: {len(claims)} of {len(claims)} printed figures hold"
    assert [row[2] for row in shown.body.rows] == [claim.printed for claim in claims]
    assert all(any(claim.source.title in note for note in shown.notes) for claim in claims)


def test_a_product_stays_whole_in_its_cell():
    product = "28x28x128x1x1x256"
    (grid,) = build_grids(build_table(1, product))[0]

    assert measure_text(product) > 190  # the width of other texts
    assert grid.rows == (("r0", product, "1"),)


def test_headings_of_a_listing_are_indented_as_their_rows():
    page = build_page(profile("block_residual_bottleneck", device="meta"), View(name="lecture"))
    (grid,) = (slide.body for slide in build_slides(page, Frame("Titled")))
    names = [row[0] for row in grid.rows]

    assert "residual" in names
    assert names[names.index("residual") + 1].startswith("\u2007CONV")


def test_a_page_becomes_a_slide_for_each_command_with_its_heading_as_the_title():
    deck = build_lecture_deck(PAGE, Runner())
    assert [slide.title for slide in deck.slides] == ["Small", "Two is more than one"]
    assert deck.slides[1].notes[:2] == ("The arithmetic.", "$ archcost list lenet5_1998")


@pytest.mark.parametrize("name", LECTURES)
def test_every_command_of_every_page_has_a_place(name):
    lecture = LECTURES[name]
    commands = [part.command for section in lecture.sections for part in section.parts]
    assert commands == lecture.commands


def test_diagrams_of_several_networks_follow_each_other_and_a_chart_grows_by_its_blocks():
    drawn = list_stages(("draw", "lenet5", "alexnet", "-q", "-o", "x.svg"))
    assert [each[:2] for each in drawn] == [("draw", "lenet5"), ("draw", "alexnet")]
    assert drawn[0][2:] == ("--direction", "right", "--size", "body")
    built = list_stages(("plot", "block", "--preset", "inception", "-o", "x.svg"))
    assert [each[-1] for each in built] == ["1", "2"]
    assert len(list_stages(("plot", "layers", "vgg16", "-o", "x.svg"))) == 1


def test_with_steps_one_slide_builds_up_what_otherwise_are_two():
    text = "# Small\n\nOf little.\n\n$ archcost draw lenet5 alexnet -o x.svg\n\n![Two](x.svg)\n"
    one, several = (build_lecture_deck(Lecture("small", text), Runner(), steps=steps) for steps in (True, False))
    assert [len(slide.body.steps) for slide in one.slides[1:]] == [2]
    assert [len(slide.body.steps) for slide in several.slides[1:]] == [1, 1]
    assert isinstance(one.slides[1].body, Picture)
    html = write_html(one)
    assert html.count('class="picture fragment"') == 1
    assert html.count('alt="Two"') == 4  # two steps in two themes


def test_the_file_loads_nothing_and_has_the_licence_of_reveal_in_it():
    html = write_html(build_lecture_deck(PAGE, Runner()))
    assert "default-src 'none'" in html
    assert "MIT licensed" in html
    assert "sourceMappingURL" not in html
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", html.partition("<script>")[0])
    assert html.count("<section>") == 2
    assert '<aside class="notes"><p>The arithmetic.</p>' in html


def test_a_deck_of_a_page_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(LECTURES, "small", PAGE)
    assert run(["slides", "small", "-o", str(tmp_path / "deck.html")]) == 0
    assert "lenet5_1998" in (tmp_path / "deck.html").read_text()
    assert "wrote 2 slides" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vgg61", "-o", "x.html"], "did you mean vgg16"),
        (["vgg16", "-o", "x.odp"], "the suffix must be one of .html, .htm, .pptx"),
        (["vgg16", "-o", "no/x.html"], "there is no folder 'no'"),
        (["-o", "x.html"], "name a PAGE of `archcost report`"),
        (["vgg16", "--network", "vgg16", "-o", "x.html"], "one of both"),
        (["vgg16", "--input", "3x32x32", "-o", "x.html"], "--input belongs to --network"),
    ],
)
def test_a_wrong_request_is_refused(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["slides", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_powerpoint_without_its_library_names_the_extra(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "pptx", None)
    assert run(["slides", "vgg16", "-o", str(tmp_path / "x.pptx")]) == 3
    assert "pip install archcost[slides]" in capsys.readouterr().err
