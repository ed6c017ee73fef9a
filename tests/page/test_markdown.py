"""Markdown: the same content as the terminal's."""

from __future__ import annotations

from archcost.page.markdown import write_page
from archcost.page.page import Line, Page, Remark, Table
from archcost.render.report import render


def test_every_row_of_the_table_has_as_many_cells_as_the_heading(branched):
    lines = [line for line in render(branched, "markdown").splitlines() if line.startswith("| ")]
    tables = [[line for line in lines if line.count(" | ") == count] for count in {line.count(" | ") for line in lines}]
    assert len(tables) == 2
    assert sum(map(len, tables)) == len(lines)


def test_marks_of_markdown_in_a_text_are_escaped():
    text = write_page(Page(title="a_b*c", facts=("x|y",), conventions="<0.1"))
    assert text == "### a\\_b\\*c\n\nx\\|y\n\n\\<0.1\n"


def test_the_terminal_and_markdown_show_the_same_figures(branched):
    terminal, page = render(branched), render(branched, "markdown")
    for text in ("52,776", "77,904", "13,194", "5x3", "`blocks.1.myop` **!**", "`relu` #1", "never called: unused"):
        assert text in page
    for text in ("52,776", "77,904", "13,194", "5x3", "myop !", "relu #1", "never called: unused"):
        assert text in terminal


def test_the_lecture_is_a_block_of_text(chain):
    text = render(chain, "markdown", view="lecture")
    assert "```text\nINPUT: [8x8x4]  memory: 8*8*4=256  params: 0\n" in text
    assert text.count("```") == 2


def test_a_hostile_name_is_one_cell_of_one_line():
    line = Line(name="a|b`\n@user<img>\x1b[31m", label="b", kind="Line\nar")
    page = Page(title="net\n# big", table=Table(heading="Layer", columns=(), lines=(line,)))
    text = write_page(page)
    assert text.splitlines()[-1] == (
        "| <code>a&#124;b&#96;&#92;n&#64;user&lt;img&gt;&#92;x1b&#91;31m</code> | Line\\\\nar |"
    )
    assert len(text.splitlines()) == 5


def test_nothing_stands_between_a_title_and_what_it_is_about():
    assert write_page(Page(title="net", remarks=(Remark(kind="note", text="one"),))) == "### net\n\n**Note:** one\n"
