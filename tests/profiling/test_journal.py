"""The rows of a journal, the requests that they belong to, and their reuse in another run."""

import json
import operator
import subprocess
import sys

import pytest

import archcost
from archcost.claims.measured import MeasuredPart
from archcost.comparison.compare import build_row, compare
from archcost.errors import ArgumentError, OutputError
from archcost.profiling.journal import Journal, read_row, write_row
from archcost.profiling.journal_key import build_key, spell_function
from archcost.profiling.many import profile_many
from archcost.records import Failure, Sweeping
from archcost.regression.snapshot import snapshot
from archcost.sources import parse_input

NETS = """
from pathlib import Path

from torch import nn


def counted(width=1):
    with Path("built").open("a") as file:
        file.write("x")
    return nn.Conv2d(3, width, 3)


def raises():
    raise RuntimeError("no such weights")
"""
SPECS = ["nets.py:counted", "nets.py:counted?width=2", "nets.py:raises"]


@pytest.fixture
def nets(tmp_path, monkeypatch):
    (tmp_path / "nets.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sweep(specs=SPECS, keep=operator.attrgetter("totals.params"), **options):
    return profile_many(specs, keep=keep, jobs=1, sweeping=Sweeping(journal="rows.jsonl"), **options)


def read_lines(folder):
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


def test_a_second_run_takes_the_rows_of_the_first_failures_too(nets):
    first = sweep(SPECS[1:])
    assert first[0] == 2 * 3 * 9 + 2
    assert (first[1].kind, first[1].error) == ("exception", "BuildError")
    assert sweep() == [1 * 3 * 9 + 1, *first]
    assert [line["spec"] for line in read_lines(nets)] == [*SPECS[1:], SPECS[0]]
    before = (nets / "built").read_text()
    assert sweep() == [1 * 3 * 9 + 1, *first]
    assert (nets / "built").read_text() == before


@pytest.mark.parametrize("changed", ["options", "keep", "versions", "file"])
def test_what_was_asked_otherwise_or_of_other_versions_is_done_again(nets, monkeypatch, changed):
    sweep(SPECS[:1])
    more = {"options": {"batch": 2}, "keep": {"keep": operator.attrgetter("totals.macs")}}.get(changed, {})
    if changed == "versions":
        monkeypatch.setattr(archcost, "__version__", "0.0.1")
    if changed == "file":
        (nets / "nets.py").write_text(NETS.replace("width, 3)", "width, 5)"))
    sweep(SPECS[:1], **more)
    keys = [line["key"] for line in read_lines(nets)]
    assert len(keys) == len({*keys}) == 2


def test_a_line_that_a_killed_run_began_is_cut_off_and_its_network_done_again(nets):
    first = sweep(SPECS[:2])
    whole = (nets / "rows.jsonl").read_text()
    (nets / "rows.jsonl").write_text(whole[: -len(whole.splitlines()[1]) // 2])
    assert sweep(SPECS[:2]) == first
    assert (nets / "rows.jsonl").read_text() == whole


def test_the_first_line_may_be_the_one_that_has_no_end(tmp_path):
    file = tmp_path / "j"
    with Journal(file, "") as journal:
        journal.add("lenet5", {}, 7)
    whole = file.read_bytes()
    for end in (3, 20, len(whole) - 1):
        file.write_bytes(whole[:end])
        with Journal(file, "") as journal:
            assert journal.find("lenet5", {}) is None
            journal.add("lenet5", {}, 7)
        assert file.read_bytes() == whole


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_a_full_disk_is_an_error_and_leaves_whole_lines_alone(tmp_path):
    """A limit of the file's size cuts the second row in the middle of its line, like a full disk."""
    program = """
import resource, signal, sys
from archcost.errors import WriteError
from archcost.profiling.journal import Journal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Journal(sys.argv[1], "") as journal:
    journal.add("lenet5", {}, 7)
    size = journal._path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
    try:
        journal.add("alexnet", {}, 8)
    except WriteError as error:
        print(size, error)
"""
    said = subprocess.run(
        [sys.executable, "-c", program, "j"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    size, _, message = said.stdout.partition(" ")
    assert message.endswith("j: No space left on device\n")
    assert (tmp_path / "j").stat().st_size == int(size)


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        ({"kind": "interruption", "error": "Interrupted"}, True),
        ({"kind": "crash", "error": "Killed"}, True),
        ({"kind": "crash", "error": "Died"}, False),
        ({"kind": "hang", "error": "TimedOut"}, False),
    ],
)
def test_who_was_interrupted_or_killed_from_outside_is_asked_again(tmp_path, failure, again):
    row = Failure(spec="lenet5", reason="it was", **failure)
    with Journal(tmp_path / "j", "") as journal:
        journal.add("lenet5", {}, row)
    with Journal(tmp_path / "j", "") as journal:
        assert journal.find("lenet5", {}) == (None if again else row)
        assert journal.find("alexnet", {}) is None


def test_every_row_that_a_command_keeps_is_read_back_as_it_was():
    report = archcost.profile("lenet5")
    for row in (report, build_row(report), snapshot(report), MeasuredPart.of(report), 3, {"a": [1, None]}):
        assert read_row(json.loads(json.dumps(write_row(row)))) == row


def test_what_json_cannot_say_is_refused():
    for row in ({1, 2}, (1, 2), object(), float("nan")):
        with pytest.raises(ArgumentError, match=r"a journal cannot keep a \w+, which `keep` returned"):
            write_row(row)


def test_a_row_names_records_of_archcost_alone():
    for name in ("os:path", "subprocess:Popen"):
        assert read_row({"record": name, "value": 7}) == 7
    with pytest.raises(archcost.ArchcostError):
        read_row({"record": "archcost.records:Failure", "value": {"spec": 7}})


def test_a_network_an_option_or_a_function_that_no_text_names_is_refused():
    with pytest.raises(ArgumentError, match=r"name this one by FILE.py:CALLABLE"):
        build_key(object(), {"imports": []})
    with pytest.raises(ArgumentError, match="cannot tell one object from another"):
        build_key("lenet5", {"imports": [], "inputs": object()})
    with pytest.raises(ArgumentError, match="a function with a name"):
        spell_function(lambda report: report)
    assert build_key("lenet5", {"imports": [], "inputs": (parse_input("3x32x32"),)}) != build_key(
        "lenet5", {"imports": [], "inputs": (parse_input("3x33x33"),)}
    )


def test_what_is_no_journal_is_left_alone(tmp_path):
    file = tmp_path / "figures.csv"
    file.write_text("network,params\n")
    with pytest.raises(OutputError, match="is not a journal"), Journal(file, ""):
        pass
    assert file.read_text() == "network,params\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_two_runs_do_not_write_one_journal(tmp_path):
    first, second = Journal(tmp_path / "j", ""), Journal(tmp_path / "j", "")
    with first, pytest.raises(OutputError, match="another run writes it"), second:
        pass


def test_a_comparison_from_a_journal_is_the_comparison(nets):
    how = Sweeping(journal="rows.jsonl")
    first = compare(SPECS, jobs=1, sweeping=how)
    built = (nets / "built").read_text()
    assert compare(SPECS, jobs=1, sweeping=how) == first == compare(SPECS, jobs=1)
    assert len(first.rows) == 2
    assert (nets / "built").read_text() == built * 2


def test_an_option_that_says_what_is_meant_anyway_makes_no_other_row():
    asked = {"imports": [], "device": "meta"}
    assert build_key("lenet5", {**asked, "batch": 1, "inputs": None}) == build_key("lenet5", asked)
    assert build_key("lenet5", {**asked, "batch": 2}) != build_key("lenet5", asked)
