"""`archcost list`."""

import csv
import io
import json

import pytest

from archcost.cli import run
from archcost.zoo import REGISTRY


def listed(capsys, *arguments):
    code = run(["list", *arguments])
    return code, capsys.readouterr()


def test_every_network_is_listed_with_paper_and_year(capsys):
    code, captured = listed(capsys)

    assert code == 0
    for entry in REGISTRY:
        assert entry.id in captured.out
        assert str(entry.paper.year) in captured.out


def test_a_pattern_filters_by_name_family_or_title(capsys):
    _, captured = listed(capsys, "inception", "--format", "json")
    ids = {record["id"] for record in json.loads(captured.out)}

    assert {"inception_v3", "inception_naive_block", "bn_inception_608"} <= ids
    assert "vgg16" not in ids


def test_a_glob_filters(capsys):
    _, captured = listed(capsys, "vgg1?_bn", "--format", "csv")

    assert [row["id"] for row in csv.DictReader(io.StringIO(captured.out))] == [
        "vgg11_bn",
        "vgg13_bn",
        "vgg16_bn",
        "vgg19_bn",
    ]


def test_variants_stand_under_their_ordinary_name(capsys):
    _, captured = listed(capsys, "zfnet")
    title, _, paper, *lines = captured.out.splitlines()

    assert title == "3 networks of the zoo"
    assert paper == "ZFNet: Zeiler, Fergus, ECCV 2014, arXiv:1311.2901"
    assert [line.split()[0].rstrip(",") for line in lines] == ["zfnet_wide", "zfnet_paper", "zfnet_literal"]
    assert [len(line) - len(line.lstrip()) for line in lines] == [2, 4, 4]


def test_markdown_is_a_table(capsys):
    _, captured = listed(capsys, "lenet?_*", "--format", "markdown")
    title, empty, *lines = captured.out.splitlines()

    assert (title, empty) == ("### 2 networks of the zoo", "")
    assert {line.count(" | ") for line in lines} == {6}
    assert "| `lenet5_1998` | lenet5 | LeNet-5 | LeNet | 1x32x32 | MNIST |" in captured.out


def test_nothing_found_is_said(capsys):
    code, captured = listed(capsys, "transformer")

    assert code == 0
    assert "no network matches 'transformer'" in captured.err


@pytest.mark.parametrize("entry", list(REGISTRY), ids=lambda entry: entry.id)
def test_every_entry_knows_its_paper(entry):
    assert entry.paper.authors
    assert entry.paper.title
    assert 1990 <= entry.paper.year <= 2026
    assert entry.paper.venue
    assert entry.family
    assert entry.lecture
    assert entry.dataset
    assert len(entry.input) == 3
