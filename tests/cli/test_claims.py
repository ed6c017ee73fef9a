"""`archcost claims` and `archcost explain`."""

import csv
import io
import json

import pytest

from archcost.cli import run

pytestmark = pytest.mark.usefixtures("warm_workers")

OWN = """
[sources]
slides = "Our own slides"

[[claim]]
network = "block_3x3"
quantity = "params"
printed = "{printed}"
source = "slides"
at = "slide 3"
verdict = "{verdict}"
"""
KEYS = {"network", "quantity", "printed", "source", "convention", "measured", "verdict", "explanation"}


def called(capsys, *arguments):
    code = run(arguments)
    return code, capsys.readouterr()


@pytest.fixture
def own(tmp_path):
    def write(printed="36,864", verdict="match"):
        path = tmp_path / "own.toml"
        path.write_text(OWN.format(printed=printed, verdict=verdict))
        return str(path)

    return write


def test_json_has_the_agreed_keys(capsys):
    code, captured = called(capsys, "claims", "inception_reduced", "--verdict", "differs", "--format", "json")
    (claim,) = json.loads(captured.out)["claims"]

    assert code == 0
    assert claim.keys() >= KEYS
    assert (claim["printed"], claim["measured"], claim["verdict"]) == ("358M", 271_351_808, "differs")
    assert "358,055,936" in claim["explanation"]


def test_an_id_and_its_short_name_are_the_same(capsys):
    by_id = called(capsys, "claims", "inception_dimred_block", "--format", "csv")[1].out
    by_alias = called(capsys, "claims", "inception_reduced", "--format", "csv")[1].out

    assert by_id == by_alias
    assert len(list(csv.DictReader(io.StringIO(by_id)))) == 8


def test_the_table_says_what_is_wrong_and_why(capsys):
    code, captured = called(capsys, "claims", "inception_*d", "--source", "cs231n")

    assert code == 0
    assert "358,055,936" in captured.out
    assert "all as recorded" in captured.out


def test_markdown_has_a_table_for_each_source(capsys):
    _, captured = called(capsys, "claims", "block_two_3x3", "--format", "markdown")

    assert captured.out.count("| Network |") == 2
    assert "`block_two_3x3`" in captured.out


def test_figures_of_ones_own(capsys, own):
    assert called(capsys, "claims", "--file", own())[0] == 0


def test_a_verdict_that_is_not_the_recorded_one_fails_the_check(capsys, own):
    code, captured = called(capsys, "claims", "--file", own(verdict="rounding"))

    assert code == 1
    assert "rounding" in captured.err
    assert "'match'" in captured.err
    assert "36,864" in captured.out  # the result is still printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("claims", "vgg61"), "unknown network 'vgg61'; did you mean vgg"),
        (("claims", "vgg16", "--source", "csn231"), "no figure has the source 'csn231'; did you mean cs231n"),
        (("claims", "vgg16", "--verdict", "wrong"), "no figure has the verdict 'wrong'"),
        (("claims", "--file", "none.toml"), "No such file"),
        (("explain", "vgg16"), "give one printed figure"),
        (("explain", "vgg16", "4G", "--params", "5M"), "give one printed figure"),
        (("claims", "zzz*"), "no network matches 'zzz*'"),
        (("explain", "vgg16", "lots"), "'lots' is not a figure"),
        (("explain", "vgg61", "4G"), "did you mean vgg"),
    ],
)
def test_wrong_requests_say_what_is_allowed(capsys, arguments, message):
    code, captured = called(capsys, *arguments)

    assert code == 2
    assert message in captured.err


def test_a_network_without_a_figure_is_said(capsys, own):
    code, captured = called(capsys, "claims", "lenet5", "--file", own())  # a ledger that contains only block_3x3

    assert code == 0
    assert "no such figure is known of lenet5" in captured.err


def test_a_wrong_entry_is_named(capsys, own):
    code, captured = called(capsys, "claims", "--file", own(verdict="true"))

    assert code == 2
    assert "own.toml, claim 1 (block_3x3: params): verdict must be one of" in captured.err


def test_explain_shows_the_nearest_and_how_to_see_it(capsys):
    code, captured = called(capsys, "explain", "googlenet", "--params", "5M")

    assert code == 0
    assert "none gives it within a tenth" in captured.out  # 5.97M without the classifier is 19 % off
    assert "simplest" not in captured.out
    assert "archcost profile googlenet" in captured.out
    assert "Five is the paper's" in captured.out  # the ledger's entry of this figure


def test_explain_as_json(capsys):
    _, captured = called(capsys, "explain", "lenet5", "--params", "60K", "--format", "json")
    found = json.loads(captured.out)

    assert found["ways"][0]["value"] == 60_000
    assert found["ways"][0]["agreement"] == "match"
    assert found["simplest"] in found["ways"]
    assert len(found["ways"]) <= 10
