"""Checks in every format: whole texts, and invariants for any layer names of a pull request."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from render import pairs

from archcost.errors import ArgumentError
from archcost.page.document import COMMON
from archcost.page.emit import emit
from archcost.page.formats import select_formats
from archcost.page.target import Target
from archcost.records import Check, Checked
from archcost.regression import judge, parse_budgets
from archcost.render.check import build_document
from archcost.render.difference import spell_headline

KEYS = {
    "base_failure",
    "failure",
    "layers",
    "name",
    "notes",
    "outcome",
    "settings",
    "speed",
    "totals",
    "uncovered",
    "verdicts",
}


def text_of(check, form="table", **place):
    return emit(build_document(check), form, Target(**place))


@pytest.mark.parametrize("name", pairs.PAIRS)
@pytest.mark.parametrize("form", ["table", "markdown"])
def test_golden(name, form, golden):
    golden(f"check_{name}_{form}", text_of(pairs.PAIRS[name](), form, width=100))


@pytest.mark.parametrize("name", ["wider", "several", "hostile", "missing_baseline", "timed"])
def test_golden_junit(name, golden):
    golden(f"check_{name}_junit", text_of(pairs.PAIRS[name](), "junit"))


@pytest.mark.parametrize("form", list(select_formats((*COMMON, "cases"))))
def test_rendering_is_repeatable(form):
    assert text_of(pairs.several(), form) == text_of(pairs.several(), form)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_the_figures_are_those_of_the_arithmetic(form):
    """The layers are 3x3 convolutions from 3 to 32 and 32 to 64 channels on 16 x 16 positions, then with 36."""
    before, after = (256 * 9 * (3 * width + width * 64) + 640 for width in (32, 36))
    assert (before, after) == (4_940_416, 5_557_888)
    text = text_of(pairs.PAIRS["wider"](), form, width=100)
    for figure in ("4.940 M", "5.558 M", "+12.5 %", "+617.5 k"):
        assert figure in text.replace("+12.5 ", "+12.5 % ")
    assert "2 layers explain 100 % of +617.5 k MACs" in text


def test_a_new_network_is_no_increase_of_a_hundred_per_cent():
    assert "100" not in text_of(pairs.PAIRS["new"](), "markdown")


def test_a_removed_network_and_a_renamed_layer_say_so():
    assert "removed" in text_of(pairs.PAIRS["removed"](), "table")
    text = text_of(pairs.PAIRS["renamed"](), "table")
    assert "renamed from stem" in text
    assert "4 renamed" in text


def test_nothing_divides_by_zero():
    text = text_of(pairs.PAIRS["zero_base"](), "table")
    assert "from 0" in text
    assert "1 layer explains 100 % of +1.920 k MACs" in text


def test_of_many_layers_the_largest_are_shown_and_the_rest_counted():
    for form in ("table", "markdown"):
        text = text_of(pairs.PAIRS["deep"](), form)
        assert "385 more" in text  # 200 wider layers and the layers behind them; 15 are shown
        assert "400 layers explain 100 % of +51.20 k MACs" in text


class _Seen(HTMLParser):
    """The parsed HTML of a comment."""

    def __init__(self):
        super().__init__()
        self.tags, self.outside, self.inside = set(), "", []
        self.depth = 0

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "code":
            self.depth += 1
            self.inside.append("")

    def handle_endtag(self, tag):
        self.depth -= tag == "code"

    def handle_data(self, data):
        if self.depth:
            self.inside[-1] += data
        else:
            self.outside += data


def test_hostile_names_do_nothing_in_a_comment():
    text = text_of(pairs.PAIRS["hostile"](), "markdown")
    seen = _Seen()
    seen.feed(text)
    assert seen.tags <= {"code", "details", "summary"}
    assert "@" not in seen.outside
    assert "http" not in seen.outside
    assert any("a|b\\nc@user <img src=x> `*_~[x](http://e.com)`\\x1b[31m\\u202e" in name for name in seen.inside)
    for row in re.findall(r"^\|.*$", text, re.MULTILINE):
        assert "`" not in row
    rows = [row.count("|") for row in text.splitlines() if row.startswith("| <code>a")]
    assert len(rows) == 3  # tables of the networks, the layers, the headroom
    assert set(rows) == {6, 8}  # as many cells as headings
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_hostile_names_do_nothing_in_a_terminal_and_in_xml():
    text = text_of(pairs.PAIRS["hostile"](), "table")
    assert "\x1b" not in text
    assert "\u202e" not in text
    suite = ET.fromstring(text_of(pairs.PAIRS["hostile"](), "junit")).find("testsuite")  # noqa: S314 - ours
    assert suite.get("name").startswith("a|b\\nc@user <img src=x>")


@pytest.mark.parametrize("count", [1, 60, 400])
def test_a_comment_has_less_than_sixty_thousand_characters(count):
    text = text_of(pairs.many_hostile(count), "markdown")
    assert len(text) < 60_000
    assert text.startswith("<!-- archcost:check -->")
    assert "MACs are multiply-adds" in text.splitlines()[-1]
    assert ("**Truncated:**" in text) == (count > 1)
    if count > 1:
        assert re.search(r"^\*\*Truncated:\*\* [\d,]+ parts did not fit; the whole result is", text, re.MULTILINE)
    assert text.count("<details>") == text.count("</details>")


def test_the_worst_comes_first_and_what_is_unchanged_is_folded_away():
    text = text_of(pairs.several(), "markdown")
    rows = re.findall(r"^\| <code>(\w+)</code> \| (new|removed|changed|exceeded)", unescape(text), re.MULTILINE)
    assert rows == [("net", "exceeded"), ("small_new", "new"), ("gone", "removed"), ("renamed", "changed")]
    assert text.index("<code>broken</code>") < text.index("<code>net</code>")
    assert "<summary>2 networks unchanged</summary>" in text
    assert "To accept: <code>archcost check --update net</code>" in text


def test_a_maximum_that_is_exceeded_by_what_was_there_is_no_change():
    same, wider = pairs.network(), pairs.network(36)
    over = pairs.checked("small", same, same)  # "small*" allows at most 100 k, as before
    over = replace(over, verdicts=judge(over.difference, parse_budgets({"*": {"params": {"max": 1}}}).of("small")))
    check = replace(pairs.one(over), networks=(over, pairs.checked("net", same, same)))

    assert spell_headline(check).endswith("at most 1 · 1 over a limit but unchanged, of 2 networks")
    both = replace(check, networks=(over, pairs.checked("net", same, wider)))
    assert spell_headline(both).endswith(" · 1 changed, 1 over a limit but unchanged, of 2 networks")


def test_what_was_not_compared_is_not_called_new():
    found = pairs.checked("small", None, pairs.network())
    judged = replace(found, verdicts=judge(found.difference, parse_budgets({"*": {"params": {"max": 1}}}).of("small")))
    check = pairs.one(replace(judged, base_failure="main, could not be counted: SyntaxError\n  line 2"))

    assert "(new)" in spell_headline(pairs.one(judged))
    assert spell_headline(check).endswith(", at most 1")
    for form in ("table", "markdown"):
        text = text_of(check, form)
        assert not re.search(r"  new$| new \|", text, re.MULTILINE)
        assert ("SyntaxError" in text, "line 2" in text) == (True, False)


def test_what_changed_in_the_settings_alone_is_the_headline():
    same = pairs.network()
    asked = replace(pairs.checked("net", same, same), settings=("budget macs max 1 -> 2",))

    assert spell_headline(pairs.one(asked)) == "net: budget macs max 1 -> 2"


def test_junit_counts_what_it_lists():
    root = ET.fromstring(text_of(pairs.several(), "junit"))  # noqa: S314 - ours
    for element in (root, *root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(element.get(name)) == len(list(element.iter(tag)))
    assert (root.get("failures"), root.get("errors")) == ("1", "1")
    failure = root.find(".//failure")
    assert "body" in failure.text
    assert "at most +2%" in failure.get("message")


def _read(name):
    return json.loads(text_of(pairs.PAIRS[name](), "json"))


def test_json_has_every_network_with_every_key():
    data = _read("several")
    assert data.keys() == {"accept", "baseline", "exit_code", "networks", "notes", "schema"}
    assert data["schema"] == "archcost.check/1"
    assert (data["exit_code"], data["baseline"]) == (3, pairs.LOCK)
    assert data["accept"] == "archcost check --update net"
    assert {frozenset(entry) for entry in data["networks"]} == {frozenset(KEYS)}
    assert {entry["name"]: entry["outcome"] for entry in data["networks"]} == {
        "small": "unchanged", "net": "exceeded", "small_new": "new", "gone": "removed", "renamed": "changed",
        "broken": "failed", "same": "unchanged",
    }  # fmt: skip


def test_json_has_the_totals_before_and_after_and_the_layers_that_add_up_to_the_difference():
    """The stem and the body of `wider` grow from 32 channels to 36; see the arithmetic above."""
    (net,) = _read("wider")["networks"]
    assert net["totals"]["macs"] == {"before": 4_940_416, "after": 5_557_888}
    assert net["totals"]["depth"] == {"before": 3, "after": 3}
    for quantity in ("macs", "params", "activation_elements"):
        total = net["totals"][quantity]
        sides = [(row["before"]["values"][quantity], row["after"]["values"][quantity]) for row in net["layers"]]
        assert total["after"] - total["before"] == sum(after - before for before, after in sides)
    stem = next(row for row in net["layers"] if row["after"]["name"] == "stem")
    assert (stem["status"], stem["before"]["kind"]) == ("reshaped", "Conv2d")
    assert (stem["before"]["outputs"], stem["after"]["outputs"]) == ([[1, 32, 16, 16]], [[1, 36, 16, 16]])
    assert stem["after"]["values"]["macs"] == 256 * 9 * 3 * 36


def test_json_has_what_each_limit_came_to_and_where_it_is_written():
    (net,) = _read("wider")["networks"]
    assert net["verdicts"][0] == {
        "metric": "macs", "kind": "max_increase", "level": "error", "limit": "at most +2%", "outcome": "exceeded",
        "before": 4_940_416, "after": 5_557_888, "where": 'budgets."*".macs', "modules": "", "most": None,
    }  # fmt: skip


def test_json_has_every_round_of_a_timing():
    slow = next(entry for entry in _read("timed")["networks"] if entry["name"] == "slow")
    speed = slow["speed"]
    assert speed["rounds"] == 8 * [{"base_ns": [1000], "head_ns": [1200]}]
    assert (speed["low"], speed["ratio"], speed["high"]) == (1.2, 1.2, 1.2)  # all rounds are equal
    assert (speed["state"], speed["level"], slow["outcome"]) == ("worse", "error", "exceeded")


def test_json_of_what_could_not_be_compared_has_the_reason_and_no_figures():
    data = _read("missing_baseline")
    (net,) = data["networks"]
    assert data["exit_code"] == 3
    assert net["failure"] == "no baseline: archcost.lock.json has no 'net'"
    assert (net["totals"], net["layers"], net["verdicts"], net["speed"]) == ({}, [], [], None)


def test_json_is_made_to_be_compared_line_by_line_and_keeps_hostile_names():
    text = text_of(pairs.PAIRS["hostile"](), "json")
    (net,) = json.loads(text)["networks"]
    assert net["name"] == pairs.HOSTILE
    assert "\x1b" not in text
    (line,) = (line for line in text.splitlines() if '"reshaped"' in line)
    row = json.loads(line.strip().rstrip("],"))  # each layer is a separate line
    assert list(row) == sorted(row)


def test_no_networks_and_no_such_format():
    assert "no network to check" in text_of(Check(baseline="x", networks=()))
    with pytest.raises(ArgumentError, match=r"there are table, json, .*junit$"):
        text_of(Check(baseline="x", networks=(Checked(name="a", failure="b"),)), "xml")


def test_csv_has_a_row_for_each_quantity_and_for_what_failed():
    rows = list(csv.DictReader(io.StringIO(text_of(pairs.PAIRS["wider"](), "csv"))))
    (macs,) = [row for row in rows if row["quantity"] == "macs"]
    assert (macs["before"], macs["after"], macs["judged"]) == ("4940416", "5557888", "exceeded")
    (failed,) = csv.DictReader(
        io.StringIO(text_of(Check(baseline="x", networks=(Checked(name="a", failure="b"),)), "csv"))
    )
    assert (failed["network"], failed["outcome"], failed["quantity"], failed["failure"]) == ("a", "failed", "", "b")
