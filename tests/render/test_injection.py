"""Foreign names and messages do no harm in any format of a check or a history, or in the log of a workflow."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from render import pairs
from render.reports import layer, report, weighted

from archcost.charts.costs import draw_history
from archcost.charts.encoding import write_svg
from archcost.cli.verdict import list_workflow_commands
from archcost.page.emit import emit
from archcost.records import Check, Checked, History, HistoryPoint, Place, Verdict
from archcost.regression import diff
from archcost.render.check import build_document
from archcost.render.history import build_document as build_history

HOSTILE = {
    "workflow command": "::error file=a.py,line=1::you are hacked",
    "workflow command after a break": "net\n::error::hacked\r\n##[error]hacked\n##vso[task.complete]",
    "escapes": "\x1b[31mred\x1b]8;;http://e.com\x07link\x9b2J\u202eflipped\u200b",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)></code></td></details>",
    "Markdown": "**bold** [x](http://e.com) ![x](http://e.com) # head - item",
    "table": "a | b || c \\| d",
    "mention": "@user and @org/team, #1, www.e.com",
    "code": "`` ` ``` <code>`",
    "formula": "=cmd|' /C calc'!A0",
    "format": "%0A%s{0}{x}$HOME$(id)",
    "CDATA": "]]> --> <!-- &lt;&#60;",
}
COMMAND = re.compile(r"^\s*(::|##\[|##vso\[)", re.MULTILINE)


def network(name, width):
    """Return a network with this name, also for its only layer, kind and input."""
    rows = [
        layer(name, "Input", (1, 3, 16, 16), module=""),
        weighted(f"{name}.0.{name}", name, (1, 3, 16, 16), (1, width, 16, 16), 0, kernel=(3, 3), depth=1),
    ]
    return report(name, rows, modules={})


def check_of(name):
    """Return a check in which this text replaces every foreign text."""
    verdict = Verdict(
        metric="params", kind="max_increase", limit="at most +2%", before=1, after=2, outcome="exceeded",
        level="error", where=f"tool.archcost.budgets.{name}.params", modules=name,
    )  # fmt: skip
    difference = diff(network(name, 8), network(name, 9))
    difference = replace(difference, after=replace(difference.after, mode=name, uncovered={name: 2}), notes=(name,))
    wider = Checked(
        name=name, difference=difference, verdicts=(verdict, replace(verdict, modules="", kind="max", most=1)),
        settings=(f"spec {name} -> {name}",), place=Place(file=name, line=1),
    )  # fmt: skip
    broken = Checked(name=name, failure=f"{name}\n{name}", place=Place(file=name, line=2))
    unchanged = replace(pairs.checked(name, network(name, 8), network(name, 8)), verdicts=())
    new = Checked(name=name, difference=diff(None, network(name, 8)), base_failure=f"{name}\n{name}")
    return Check(
        baseline=name, networks=(wider, broken, unchanged, new), accept=f"archcost check --update {name}",
        notes=(name,), project=name,
    )  # fmt: skip


def history_of(name):
    points = [
        HistoryPoint(commit=f"{i:040}", date="2026-01-02T03:04:05+00:00", subject=name, totals=totals, reason=reason)
        for i, (totals, reason) in enumerate(
            [({"macs": 5, "params": 7}, ""), ({"macs": 6, "params": 7}, ""), (None, name)]
        )
    ]
    return History(source=name, networks={name: tuple(points)})


def texts_of(name):
    """Yield the name of each format, and its text."""
    document = build_document(check_of(name))
    yield from (
        (f"check {form}", emit(document, form)) for form in ("table", "markdown", "html", "csv", "json", "junit")
    )
    history = history_of(name)
    document = build_history(history, ("macs",), lambda: write_svg(draw_history(history, ("macs",))))
    yield from (
        (f"history {form}", emit(document, form)) for form in ("table", "markdown", "html", "csv", "json", "svg")
    )


class Tags(HTMLParser):
    """Collects the tags with their attributes, and the text outside of code."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.comments, self.outside, self.depth = set(), set(), [], "", 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.depth += tag == "code"

    def handle_endtag(self, tag):
        self.depth -= tag == "code"

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        if not self.depth:
            self.outside += data


HARMLESS = dict(texts_of("harmless"))


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_form_lets_a_name_do_anything(name):
    for form, text in texts_of(name):
        assert not COMMAND.search(text), form
        controls = {mark for mark in text if not mark.isprintable()} - {"\n"}
        if form.endswith("json"):
            controls -= {"\u202e", "\u200b", "\x9b"}  # JSON keeps the text; a terminal gets no escape sequence of it
        assert not controls - {mark for mark in HARMLESS[form] if not mark.isprintable()}, form
        READERS[form.split()[1]](form, text)


def read_markdown(form, text):
    """Check that the tags equal the tags of a harmless name, that rows have all cells, and that nobody is mentioned."""
    text = re.sub(r"\\([\\|*_`<])", lambda found: f"&#{ord(found[1])};", text)  # in Markdown's reading
    found, usual = Tags(re.sub(r"`[^`\n]*`", "", text)), Tags(re.sub(r"`[^`\n]*`", "", HARMLESS[form]))
    assert found.tags <= usual.tags | {"code"}, form
    assert len(found.comments) == len(usual.comments), form
    assert not re.search(r"@\w", found.outside), form
    assert "](" not in found.outside, form
    cells = [row.count("|") for row in text.splitlines() if row.startswith("|")]
    assert cells == [row.count("|") for row in HARMLESS[form].splitlines() if row.startswith("|")], form
    for code in re.findall(r"<code>(.*?)</code>", text):
        assert not set(code) & set("|`@*"), form
    blocks = re.compile(r"^ {0,3}(#{1,6} |>|~~~|```|[-+*] )", re.MULTILINE)
    assert len(blocks.findall(text)) == len(blocks.findall(HARMLESS[form])), form


def read_html(form, text):
    found, usual = Tags(text), Tags(HARMLESS[form])
    assert (found.tags <= usual.tags, found.attributes <= usual.attributes) == (True, True), form


def read_csv(_form, text):
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)
    assert text.count("\n") == len(rows)


def read_xml(form, text):
    assert not any(each.tag.rpartition("}")[2] in {"script", "img", "a"} for each in ET.fromstring(text).iter()), form  # noqa: S314 - ours


READERS = {
    "markdown": read_markdown, "html": read_html, "csv": read_csv, "svg": read_xml, "junit": read_xml,
    "json": lambda _, text: json.loads(text), "table": lambda _, text: text,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_workflow_is_told_of_the_findings_and_of_nothing_else(name):
    lines = list_workflow_commands(check_of(name))

    assert len(lines) == 2
    for line in lines:
        properties, found, message = line.removeprefix("::error ").partition("::")
        assert (line.startswith("::error "), bool(found), line.isprintable()) == (True, True, True)
        assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]
        assert all(mark.isprintable() for mark in message)
