"""Lines for a terminal."""

from __future__ import annotations

import pytest

import archcost
from archcost.page.page import Cell, Column, Figure, Line, Page, Remark, Table
from archcost.page.terminal import write_page
from archcost.render.report import render

TABLE = Table(
    heading="Layer",
    columns=(
        Column(name="outputs", heading="Output", numeric=False),
        Column(name="macs", heading="MACs", unit="M", shared=True),
    ),
    lines=(
        Line(name="a", label="a", kind="Net", role="container"),
        Line(name="a.b", label="b", level=1, kind="Conv2d", cells=(Cell(text="1x2, 1x3"), Cell(text="0"))),
        Line(
            name="a.c",
            label="c",
            level=1,
            kind="Linear",
            mark="uncovered",
            cells=(Cell(text="1x9"), Cell(text="1.25", share="100.0", size=1.0)),
        ),
    ),
    total=Line(name="total", label="Total", role="total", cells=(Cell(), Cell(text="1.25", share="100.0"))),
)
PAGE = Page(
    title="Net",
    facts=("input 1x2", "eval mode"),
    table=TABLE,
    figures=(Figure(label="MACs", digits="1,250,000", short="1.250 M", remark="all of the multiply-adds there are"),),
    conventions="MACs are multiply-adds.",
    remarks=(Remark(kind="note", text="a short note"),),
)
PIPED = """\
Net
input 1x2 · eval mode

Layer  Kind    Output    MACs M     %
────────────────────────────────────────────────
a      Net
  b    Conv2d  1x2, 1x3       0
  c !  Linear  1x9         1.25 100.0 ██████████
────────────────────────────────────────────────
Total                      1.25 100.0

MACs  1,250,000 = 1.250 M  all of the multiply-adds there are

MACs are multiply-adds.

Note: a short note
"""
NARROW = """\
Net
input 1x2 · eval mode

Layer Kind   Output MACs M
───────────────────────────────
a     Net
  b   Conv2d 1x2         0
             1x3
  c ! Linear 1x9      1.25 ████
───────────────────────────────
Total                 1.25

MACs  1,250,000 = 1.250 M  all of the
                           multiply-adds there
                           are

MACs are multiply-adds.

Note: a short note
"""


def test_a_page_without_a_width():
    assert write_page(PAGE, width=None, color=False) == PIPED


def test_a_page_in_little_room():
    assert write_page(PAGE, width=32, color=False) == NARROW


def test_a_page_in_colour_has_a_style_for_what_was_not_counted():
    text = write_page(PAGE, width=80, color=True)
    assert "\x1b[1;33m" in text  # bold yellow
    assert "\x1b[36m" in text  # the bars


@pytest.mark.parametrize("view", ["layers", "modules", "ops"])
def test_a_training_step_fits_eighty_columns(view):
    """Long operator names beside the reasons of the free ones, with the wide figures of an optimizer."""
    text = render(archcost.profile("vgg16", train="adam"), view=view, width=80)

    assert max(map(len, text.splitlines())) <= 80


def test_a_hostile_name_takes_one_line_and_turns_no_colour_on():
    line = Line(name="a\nb\x1b[31m", label="a\nb\x1b[31m", kind="Line\rar", cells=(Cell(), Cell(text="1\n2")))
    page = Page(
        title="net\n",
        facts=("x\x1b",),
        table=Table(heading="Layer", columns=TABLE.columns, lines=(line,)),
        remarks=(Remark(kind="note", text="of a\nb"),),
    )
    text = write_page(page, width=80, color=False)
    assert [line.split() for line in text.splitlines() if line and "─" not in line] == [
        ["net\\n"],
        ["x\\x1b"],
        ["Layer", "Kind", "Output", "MACs", "M", "%"],
        ["a\\nb\\x1b[31m", "Line\\rar", "1\\n2"],
        ["Note:", "of", "a\\nb"],
    ]


def test_one_blank_line_stands_below_a_title_without_facts():
    text = write_page(Page(title="Net", table=TABLE), width=80, color=False)
    assert text.startswith("Net\n\nLayer")
