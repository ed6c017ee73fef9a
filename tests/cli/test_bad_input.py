"""Wrong requests are refused at once, in few words, with the exit code of a wrong request."""

from __future__ import annotations

import csv
import io

import pytest
import torch
from torch import nn

import archcost
from archcost.claims.expression import find_networks
from archcost.claims.printed import parse_printed
from archcost.cli import run
from archcost.comparison.tables import read_table
from archcost.errors import ArchcostError, ArgumentError, TableError, first_line
from archcost.page.csv_text import FORMULA, write_text
from archcost.page.document import Document
from archcost.page.rows import Rows
from archcost.records.toml import CHARACTERS, DEPTH, parse_toml

LONG = "x" * 100_000
DIGITS = "9" * 5000


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "lenet5", "--params", "1e999999999"],
        ["explain", "lenet5", "--params", "0e9999999"],
        ["explain", "lenet5", "--params", DIGITS],
        ["time", "lenet5", "--max-time", "nan"],
        ["time", "lenet5", "--max-time", "inf"],
        ["profile", LONG],
        ["profile", "lenet5@" + DIGITS],
        ["profile", "lenet5", "--input", DIGITS],
        ["profile", "lenet5", "--batch", DIGITS],
        ["profile", "a\udcffb.py:build"],
        ["profile", "no\0thing:build"],
        ["fit", "lenet5", "--memory", DIGITS + "GB"],
        ["time", "lenet5", "--resolution", DIGITS],
        ["time", "lenet5", "--batch", "1," + DIGITS],
        ["profile", "lenet5", "-o", "a\0.json"],
        ["profile", "lenet5", "-o", LONG + ".json"],
        ["compare", "lenet5", "--journal", "\0"],
        ["compare", "lenet5", "--accuracy", "\0"],
        ["check", "--config", "\0"],
        ["compare", "lenet5", "--journal", "/dev/zero"],
        ["compare", "lenet5", "--journal", "/dev/null"],
        ["diff", "lenet5", "lenet5", "--fail-if", f"macs>{DIGITS}"],
        [LONG],
    ],
    ids=lambda arguments: " ".join(arguments)[:40].encode("ascii", "replace").decode(),
)
def test_a_request_is_refused_in_few_words(arguments, capsys):
    code = run(arguments)

    said = capsys.readouterr().err
    assert code in {2, 3}
    assert 0 < len(said) < 2500
    assert "archcost: unexpected" not in said


def test_a_pattern_that_nothing_matches_is_not_echoed_whole(capsys):
    assert run(["list", LONG]) == 0
    assert len(capsys.readouterr().err) < 2500


def test_links_in_a_circle_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "a.py").symlink_to("b.py")
    (tmp_path / "b.py").symlink_to("a.py")

    for arguments in (["profile", "a.py:build"], ["check", "--config", "a"], ["profile", "lenet5", "-o", "a/x.json"]):
        assert run(arguments) in {2, 3}
        assert "unexpected" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "a." * 20_000 + "b = 1",
        "[" + "a." * 20_000 + "b]",
        '"a". ' * 40 + "b = 1",
        "a = " + "[" * 5000,
        "a = " + "{a=" * 5000,
        "a = " + DIGITS,
        "a = " + "[" * (DEPTH + 2) + "]" * (DEPTH + 2),
        "#" * (CHARACTERS + 1),
    ],
    ids=lambda text: text[:12],
)
def test_toml_is_refused_before_it_takes_long(text):
    with pytest.raises(ValueError, match=r"^.{10,300}$"):
        parse_toml(text)


def test_toml_may_have_long_words_and_many_tables():
    text = f'a = "{"x.y " * 10_000}"\n{"b" * 100_000} = 1\n' + "".join(f"[t{i}.a.b]\nc = 1\n" for i in range(500))

    assert len(parse_toml(text)) == 502


@pytest.mark.parametrize("text", ["-" * 900 + "1", "1" + "+1" * 950, "(" * 90 + "1" + ")" * 900, DIGITS, "9**9" * 900])
def test_an_expression_has_an_end(text):
    with pytest.raises(ArgumentError) as refused:
        find_networks(text)

    assert len(str(refused.value)) < 500


def test_a_sum_of_a_page_is_an_expression():
    assert find_networks("+".join(["lenet5.params"] * 60)) == ("lenet5",)


@pytest.mark.parametrize("significant", [99999999999, -1, 41])
def test_digits_that_are_meant_have_an_end(significant):
    with pytest.raises(ArgumentError, match="from 1 to 40"):
        parse_printed("60,000", significant)


def test_a_cell_larger_than_any_is_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text(f"network,top1\nvgg16,{'7' * 140_000}\n", encoding="utf-8")

    with pytest.raises(TableError, match="line 2"):
        list(read_table(file, ("network", "top1")))


@pytest.mark.parametrize("mark", FORMULA)
def test_a_cell_is_no_formula(mark):
    rows = Rows(("name", "count"), [(f"{mark}cmd|x", -1), ("plain=1", -2.5), (None, 3)])
    document = Document(pages=list, data=str, rows=lambda: rows)

    first, second, third = list(csv.reader(io.StringIO(write_text(document, None))))[1:]

    assert (first[0], first[1]) == (f"'{mark}cmd|x", "-1")
    assert (second, third) == (["plain=1", "-2.5"], ["", "3"])


@pytest.mark.parametrize("mark", ["\t", "\r", "\n", "\0"])
def test_a_cell_stays_on_its_line(mark):
    document = Document(pages=list, data=str, rows=lambda: Rows(("name",), [(f"{mark}=cmd",)]))

    assert write_text(document, None).splitlines() == ["name", ascii(mark)[1:-1] + "=cmd"]


class Containing(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.itself = self

    def forward(self, x):
        return self.layer(x)


def test_a_module_may_contain_itself():
    assert archcost.profile(Containing(), torch.zeros(2, 3)).totals.macs == 2 * 3 * 4


class SpeechlessError(Exception):
    def __str__(self):
        raise RuntimeError


class Failing(nn.Module):
    def forward(self, x):
        raise SpeechlessError


def test_an_error_may_have_nothing_to_say():
    with pytest.raises(ArchcostError, match="SpeechlessError: its message cannot be read"):
        archcost.profile(Failing(), torch.zeros(2, 3))
    assert first_line(ValueError(f"a\nb{LONG}")) == "a"
    assert len(first_line(ValueError(LONG))) < 1100


def test_a_name_that_no_file_can_hold_is_written_by_its_number():
    network = nn.Sequential()
    network.add_module("a\ud800", nn.Linear(3, 4))
    report = archcost.profile(network, torch.zeros(2, 3))

    assert report.layers[1].name == "a\\ud800"
    assert archcost.Report.from_json(report.to_json()) == report
