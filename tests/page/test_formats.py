"""The table of formats, and the entry point to all of them."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from page.documents import document

from archcost.errors import ArgumentError
from archcost.page.cases import Case, Suite
from archcost.page.document import COMMON
from archcost.page.emit import emit
from archcost.page.formats import FORMATS, find_format, list_suffixes, select_formats
from archcost.page.page import Page, Passage
from archcost.page.rows import Rows, read_records
from archcost.page.target import Target

PAGE = Page(title="Net", listing=("a line that is never broken", Passage("one two three four five six", hang=2), ""))


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_line_names_a_module_that_writes_and_suffixes_of_its_own(form):
    assert find_spec(form.module)
    assert callable(form.load_writer())
    assert form.help
    assert all(list_suffixes([form.part])[suffix] == form.name for suffix in form.suffixes)
    others = [suffix for other in FORMATS if other is not form for suffix in other.suffixes]
    assert not {*form.suffixes} & {*others}


def test_a_document_has_the_forms_of_its_parts():
    common = [form.name for form in FORMATS if form.part in COMMON]
    assert {"table", "json", "csv", "markdown", "html"} <= {*common}
    assert list(select_formats(COMMON)) == common
    assert list(select_formats((*COMMON, "cases"))) == [*select_formats(COMMON), "junit"]
    assert find_format("csv").part == "rows"
    with pytest.raises(ArgumentError, match=f"no format .junit.; there are {', '.join(common)}$"):
        emit(document(PAGE), "junit")
    assert '<testsuites name="archcost" tests="0"' in emit(document(PAGE, cases=lambda: ()), "junit")


def test_each_form_asks_for_its_part_alone():
    def refuse():
        raise AssertionError

    parts = {"pages": refuse, "data": refuse, "rows": refuse}
    assert emit(document(**{**parts, "data": lambda: "1\n"}), "json") == "1\n"
    assert emit(document(**{**parts, "rows": lambda: Rows(("a", "b"), [(1, None), ("x,y", 0.5)])}), "csv") == (
        'a,b\n1,\n"x,y",0.5\n'
    )
    assert emit(document(**{**parts, "pages": lambda: (PAGE,)}), "markdown").startswith("### Net\n")


def test_plain_text_has_a_listing_in_the_pages_place():
    shown = document(PAGE, listing=lambda: (Page(title="Lines"),))
    assert emit(shown, "table") == "Lines\n"
    assert emit(shown, "markdown").startswith("### Net\n")
    assert "<h1>Net</h1>" in emit(shown, "html")


def test_a_text_of_its_own_takes_the_place_of_what_the_table_writes():
    shown = document(PAGE, own={"markdown": lambda: "a comment\n"})
    assert emit(shown, "markdown") == "a comment\n"
    assert emit(shown, "table") != "a comment\n"


def test_prose_is_broken_where_lines_are_short_and_lines_never_are():
    narrow = emit(document(PAGE), "table", Target(width=22))
    assert narrow == "Net\n\na line that is never broken\none two three four\n  five six\n\n"
    assert "\none two three four five six\n```" in emit(document(PAGE), "markdown")


def test_pages_stand_one_below_the_other():
    pages = Page(title="A"), Page(title="B")
    assert emit(document(*pages)) == "A\n\nB\n"
    assert emit(document(*pages), "markdown") == "### A\n\n### B\n"


def test_records_need_not_have_the_same_names():
    rows = read_records([{"a": 1, "b": 2}, {"a": 3, "c": 4}])
    assert rows == Rows(["a", "b", "c"], [[1, 2, None], [3, None, 4]])
    assert read_records([], ("a", "b")) == Rows(["a", "b"], [])


def test_cases_are_counted_by_suite_and_in_all():
    suites = (
        Suite("one\x1b", (Case("a"), Case("b", "failure", "too much", "x\ny", "Exceeded"))),
        Suite("two", (Case("c", "note", "slower"), Case("d", "error", "broken"))),
    )
    text = emit(document(PAGE, cases=lambda: suites), "junit")
    assert '<testsuites name="archcost" tests="4" failures="1" errors="1">' in text
    assert '<testsuite name="one\\x1b" tests="2" failures="1" errors="0">' in text
    assert '<failure message="too much" type="Exceeded">x\ny</failure>' in text
    assert "<system-out>slower</system-out>" in text
    assert '<error message="broken" />' in text


def test_a_target_refuses_a_color_that_there_is_not():
    with pytest.raises(ArgumentError, match="no color 'red'; there are auto, always, never"):
        Target(color="red")


def test_json_keeps_letters_and_refuses_infinity():
    from archcost.page.json_text import dump_json

    assert dump_json({"b": "é", "a": 1}, indent=None) == '{"a": 1, "b": "é"}\n'
    assert list(json.loads(dump_json({"b": 1, "a": 1}, sort=False))) == ["b", "a"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json(float("inf"))
