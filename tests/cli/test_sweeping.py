"""Commands that run many networks, or an isolated one, from the command line."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest
from running import wait_until_ended

from archcost.cli import run

NETS = """
import ctypes
import os
import time
from pathlib import Path

import torch
from torch import nn


class Loud(nn.Module):
    def forward(self, x):
        print("from Python")
        os.write(1, b"from the descriptor\\n")
        os.system("echo from a shell")
        ctypes.CDLL(None).puts(b"from C")
        os.chdir("/")
        return x + 1


def exits():
    os._exit(0)


def hangs():
    Path("begun").write_text(str(os.getpid()))
    time.sleep(3600)


class Own(nn.Module):
    def forward(self, x):
        import own_rules

        return torch.ops.mine.twice(x)
"""
RULES = """
import torch

import archcost

library = torch.library.Library("mine", "DEF")
library.define("twice(Tensor x) -> Tensor")
library.impl("twice", lambda x: x * 2, "CompositeExplicitAutograd")


@archcost.rule("mine::twice")
def twice(call):
    return archcost.Work(macs=7 * call.inputs[0].elements)
"""


@pytest.fixture
def nets(tmp_path, monkeypatch):
    (tmp_path / "nets.py").write_text(NETS)
    (tmp_path / "own_rules.py").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def archcost(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "archcost", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        **options,
    )  # fmt: skip


def test_what_a_network_prints_below_python_is_no_part_of_the_result_and_its_folder_does_not_move_it(nets, capfd):
    assert run(["profile", "nets.py:Loud", "--input", "3x8x8", "-o", "here.json", "-o", "-", "--format", "json"]) == 0
    out, err = capfd.readouterr()
    json.loads((nets / "here.json").read_text())
    for source in ("Python", "the descriptor", "a shell", "C"):
        assert f"from {source}" not in out
        assert f"from {source}\n" in err


def test_one_network_is_isolated_where_that_is_asked_for(nets, capfd):
    assert run(["profile", "nets.py:exits", "--isolate"]) == 3
    assert "the process that ran it ended with exit code 0" in capfd.readouterr().err
    assert run(["profile", "nets.py:hangs", "--timeout", "1"]) == 3
    assert "not done after 1 s, in hangs, line 27 of nets.py" in capfd.readouterr().err


def test_fewer_networks_than_a_process_is_worth_are_failures_of_their_own_all_the_same(nets, capfd):
    assert run(["compare", "nets.py:exits", "lenet5", "--format", "csv"]) == 0
    rows = {row["network"]: row for row in csv.DictReader(capfd.readouterr().out.splitlines())}
    assert rows["nets.py:exits"]["failure"] == "crash"
    assert rows["lenet5"]["failure"] == ""


def test_rules_of_a_users_own_reach_every_process(nets):
    asked = ["nets.py:Own", "--import", "own_rules", "--input", "3x8x8", "--format"]
    counted = subprocess.run(
        [sys.executable, "-m", "archcost", "compare", *asked, "csv"], capture_output=True, text=True, check=True
    )
    (row,) = csv.DictReader(counted.stdout.splitlines())
    assert row["macs"] == str(7 * 3 * 8 * 8)


def test_a_module_that_cannot_be_imported_is_said_before_anything_starts(nets, capsys):
    assert run(["compare", "nets.py:hangs", "--import", "no.such.rules"]) == 2
    assert "--import no.such.rules: ModuleNotFoundError: No module named 'no'" in capsys.readouterr().err
    (nets / "leaves.py").write_text("raise SystemExit(0)\n")
    assert run(["compare", "nets.py:hangs", "--import", "leaves"]) == 2
    assert "--import leaves: SystemExit: 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--timeout", "0"], ["--timeout", "nan"], ["--timeout", "1e30"], ["--max-memory", "much"],
               ["--max-memory", "0"], ["--journal", "no/such/folder"]],
    ids=" ".join,
)  # fmt: skip
def test_limits_that_nothing_could_keep_are_refused(option, capsys):
    assert run(["compare", "lenet5", *option]) == 2
    assert option[0].lstrip("-").replace("-", "_") in capsys.readouterr().err.replace("-", "_")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interruption_exits_130_ends_the_network_and_leaves_its_row(nets, ending):
    process = archcost("compare", "nets.py:hangs", "--journal", "rows.jsonl", "-o", "rows.csv")
    while not (nets / "begun").exists() or not (nets / "begun").read_text():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(ending)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err.endswith("archcost: interrupted\n")
    wait_until_ended(int((nets / "begun").read_text()))
    (line,) = map(json.loads, (nets / "rows.jsonl").read_text().splitlines())
    assert line["row"]["value"]["kind"] == "interruption"
    assert not (nets / "rows.csv").exists()


def test_a_second_interruption_while_the_first_is_dealt_with_exits_130_too():
    program = """
import click
from archcost import cli

def interrupt(*_, **__):
    raise KeyboardInterrupt

cli.archcost.main = click.echo = interrupt
cli.main([])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_file_set_aside_is_removed_where_writing_is_interrupted(nets, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.chmod", interrupt)
    before = sorted(nets.iterdir())
    assert run(["compare", "lenet5", "-o", "out.csv"]) == 130
    assert sorted(nets.iterdir()) == before


def test_parquet_has_the_declared_columns_whatever_the_rows(nets):
    parquet = pytest.importorskip("pyarrow.parquet")
    from archcost.render.comparing import COLUMNS

    assert run(["compare", "lenet5", "-o", "one.parquet", "-o", "one.csv"]) == 0
    table = parquet.read_table("one.parquet")
    names = {"text": "string", "whole": "int64", "real": "double", "truth": "bool"}
    assert {field.name: str(field.type) for field in table.schema} == {
        name: names[kind] for name, kind in COLUMNS.items()
    }
    (row,) = csv.DictReader((nets / "one.csv").read_text().splitlines())
    assert list(row) == list(COLUMNS)
    assert table.column("macs").to_pylist() == [int(row["macs"])]
    assert table.column("seconds").to_pylist() == [None]


@pytest.mark.parametrize("arguments", [["claims", "lenet5"], ["time", "lenet5", "--max-time", "0.01", "--no-layers"]])
def test_other_sweeps_declare_every_column_that_they_have(arguments, nets):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run([*arguments, "-q", "-o", "found.parquet", "-o", "found.csv"]) == 0
    table = parquet.read_table("found.parquet")
    (first, *_) = csv.DictReader((nets / "found.csv").read_text().splitlines())
    assert {*first} <= {*table.schema.names}


def test_cells_that_are_timed_go_to_a_journal_too(nets, capsys):
    asked = ["time", "lenet5", "--max-time", "0.01", "--no-layers", "--device", "cpu", "--journal", "t.jsonl", "-q"]
    assert run([*asked, "--batch", "1", "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert run([*asked, "--batch", "1,2", "--format", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["cells"][0] == first["cells"][0]
    assert len((nets / "t.jsonl").read_text().splitlines()) == 2
