"""`archcost time`, `archcost profile --time` and `archcost device` from the command line."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from archcost.cli import run
from archcost.clock.kinds import KINDS
from archcost.comparison.compare import read_seconds
from archcost.errors import TableError
from archcost.records import Report, Sweep
from archcost.records.reading import read

QUICK = ("--max-time", "0.02", "--threads", "1", "--device", "cpu")
WITHOUT_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], copies=(2**16, 2**20), products=(64,)))


def test_each_combination_is_a_line_and_one_that_fails_stops_no_other(capsys):
    code = run(["time", "lenet5", "--batch", "1,0,2", *QUICK])
    out, err = capsys.readouterr()

    assert code == 3
    assert "1 of 3 combinations could not be timed" in err
    lines = [line.split() for line in out.splitlines()]
    assert [line[0] for line in lines if line and line[0] in {"0", "1", "2"}] == ["1", "0", "2"]
    assert "batch 0: failed: a batch of 0 images has nothing to time" in out
    for heading in ("Coverage", "Overhead", "n", "Spread"):
        assert heading in out


def test_csv_is_what_charts_read_as_measured_times(capsys, tmp_path):
    path = tmp_path / "times.csv"
    assert run(["time", "lenet5", "--batch", "1,2", *QUICK, "-o", str(path), "-q"]) == 0

    assert capsys.readouterr() == ("", "")
    assert set(read_seconds(path)) == {("lenet5", 1), ("lenet5", 2)}


def test_a_cell_that_failed_has_no_time_that_a_chart_could_read(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("network,batch,seconds,outcome\nlenet5,1,0.5,timed\nlenet5,2,,failed\n")
    assert read_seconds(path) == {("lenet5", 1): 0.5}
    path.write_text("network,batch\nlenet5,1\n")
    with pytest.raises(TableError, match="more than 0"):
        read_seconds(path)


def test_two_times_of_one_batch_are_refused(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("network,batch,dtype,seconds\nlenet5,1,float32,0.5\nlenet5,1,bfloat16,0.4\n")
    with pytest.raises(TableError, match=r"line 3.*has a time at a batch of 1 already"):
        read_seconds(path)


def test_json_on_stdout_is_a_sweep_and_the_rest_is_on_stderr(capsys):
    assert run(["time", "lenet5", "--format", "json", *QUICK]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)

    assert data.pop("schema") == "archcost.timing/1"
    (cell,) = read(Sweep, data, "sweep").cells
    assert cell.sample.layers is not None
    assert "unmet: " in err  # twenty milliseconds are too few


def test_the_rows_of_each_cell_follow_with_layers(capsys):
    assert run(["time", "lenet5", "--layers", "--format", "csv", "-q", *QUICK]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert {"c1", "between: s2 (mul, add)", "between: (no operator)"} <= {row["row"] for row in rows}
    assert "roof_share" in rows[0] or "flops_per_second" not in rows[0]  # or too much overhead to tell


def test_both_layouts_are_timed_where_both_are_given(capsys):
    assert (
        run(["time", "lenet5", "--contiguous", "--channels-last", "--no-layers", "--format", "csv", "-q", *QUICK]) == 0
    )
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert [row["layout"] for row in rows] == ["contiguous", "channels last"]
    assert "coverage" not in rows[0]


def test_autocast_stands_beside_the_dtypes(capsys):
    options = ["--dtype", "float32", "--amp", "bf16", "--no-layers", "--format", "csv", "-q"]
    assert run(["time", "lenet5", *options, *QUICK]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["dtype"] for row in rows] == ["float32", "bf16 autocast"]
    assert run(["time", "lenet5", "--amp", "bf16", "--no-layers", "--format", "csv", "-q", *QUICK]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_resolutions_and_training_are_timed(capsys):
    options = ["--resolution", "32,40", "--train", "--optimizer", "adam", "--format", "json", "-q"]
    assert run(["time", "nin_cifar10", *options, *QUICK]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]

    assert [cell["inputs"] for cell in cells] == [["3x32x32"], ["3x40x40"]]
    assert {cell["train"] for cell in cells} == {"adam"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["time", "lenet5", "--batch", "many"], 2, "whole numbers with commas"),
        (["time", "lenet5", "--batch", "1,,2"], 2, "commas between"),
        (["time", "lenet5", "--dtype", "fp16"], 2, "dtype must be one of float32, tf32, bfloat16"),
        (["time", "lenet5", "--amp", "fp8"], 2, "amp must be one of bf16, fp16"),
        (["time", "lenet5", "--batch", ""], 2, "commas between"),
        (["time", "lenet5", "--optimizer", "adam"], 2, "belong to --train"),
        (["time", "lenet5", "--max-time", "0"], 2, "max-time"),
        (["time", "lenet5", "--threads", "0"], 2, "threads"),
        (["time", "lenet5", "--device", "meta"], 2, "nothing can be timed on meta"),
        (["time", "lenet6"], 2, "did you mean lenet5"),
        (["time", "lenet5", "--dtype", "tf32", *QUICK], 3, "could not be timed"),
        (["profile", "lenet5", "--view", "time"], 2, "give --time as well"),
        (["profile", "lenet5", "--time", "--sort", "macs"], 2, "--view time has the order of execution"),
        (["profile", "lenet5", "--time", "--batch", "0"], 3, "a batch of 0 images has nothing to time"),
        (["profile", "lenet5", "--time", "--device", "meta"], 2, "nothing can be timed on meta"),
        (["device", "--datasheet", "NVIDIA H2000"], 3, "did you mean NVIDIA H200"),
        (["device", "--device", "tpu9"], 2, "auto, cpu, xpu, mps, cuda"),
        pytest.param(["time", "lenet5", "--device", "cuda"], 3, "no CUDA device", marks=WITHOUT_GPU),
        pytest.param(["device", "--datasheet", "this"], 3, "the table of datasheets has no", marks=WITHOUT_GPU),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_what_cannot_be_timed_says_so(arguments, code, says, capsys):
    assert run(arguments) == code
    out, err = capsys.readouterr()
    assert says in err
    assert out == "" or "tf32" in arguments  # a sweep also prints the failed cells


def test_the_device_is_measured_and_its_datasheet_stands_beside(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("archcost.clock.roofs._disturbance", lambda *_: None)
    assert run(["device", "--threads", "1", "--device", "cpu", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)

    assert data["schema"] == "archcost.device/1"
    assert data["measured"]["flops_per_second"]["float32"] > 0
    assert data["measured"]["threads"] == 1
    assert data["datasheet"] is None
    assert str(tmp_path / "cache" / "archcost") in err
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    monkeypatch.setattr("os.getloadavg", lambda: (99.0, 99.0, 99.0))
    monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], copies=(2**16,), products=(64,)))
    assert run(["device", "--threads", "1", "--device", "cpu", "-q"]) == 0
    assert run(["device", "--threads", "1", "--device", "cpu"]) == 0
    assert "the CPU has other work: load 99.0 on" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_profile_has_a_limit_of_time_too(capsys):
    assert run(["profile", "lenet5", "--time", "--max-time", "0.02", "--device", "cpu"]) == 0
    assert "Time per iteration" in capsys.readouterr().out
    assert run(["profile", "lenet5", "--max-time", "1"]) == 2
    assert "--max-time limits what --time measures" in capsys.readouterr().err


def test_the_datasheet_of_a_device_can_be_looked_up(capsys):
    assert run(["device", "--datasheet", "NVIDIA H200"]) == 0
    out, _ = capsys.readouterr()
    assert "989.0 TFLOP/s" in out
    assert "4.800 TB/s" in out
    assert "datasheet" in out


def archcost(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "archcost", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_ctrl_c_keeps_the_cells_that_are_done(tmp_path):
    """The network itself signals the start of the second batch, so that the machine's speed does not matter."""
    (tmp_path / "net.py").write_text(
        "import time\nfrom pathlib import Path\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def forward(self, x):\n"
        "        if len(x) == 2:\n"
        f"            Path({str(tmp_path / 'reached')!r}).touch()\n"
        "            time.sleep(600)\n"
        "        return x + 1\n"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    process = archcost("time", "net.py:Net", "--input", "8", "--batch", "1,2,3", *QUICK, cwd=tmp_path, env=environment)
    until = time.monotonic() + 120
    while not (tmp_path / "reached").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "stopped after 1 of 3 cells" in out
    assert err.endswith("archcost: interrupted\n")


def test_profile_measures_and_stores_it(capsys):
    """The Python function has the time limit that the `profile` command lacks."""
    import archcost as package
    from archcost.records import TimingPlan

    plan = TimingPlan(max_ns=10**7, max_warmup_ns=10**6, min_samples=1, threads=1)
    report = package.profile("lenet5", device="cpu", time=plan)
    assert report.measured.roof.flops_per_second["float32"] > 0
    assert report.measured.roof.threads == 1
    assert Report.from_json(report.to_json()) == report
