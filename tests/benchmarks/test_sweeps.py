"""The cost of a sweep, its page, and a comparison that is interrupted twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import sweeps, sweeps_page

RUN = {
    "engine": "local", "specs": None, "rows": 300, "failures": 0, "wall_seconds": 20.0, "processor_seconds": 10.0,
    "driver_processor_seconds": 1.0, "driver_peak_bytes": 20_000_000, "largest_other_bytes": 250_000_000,
    "load": 2.0, "digest": "ab",
}  # fmt: skip
MORE = {
    **RUN, "rows": 3_000, "processor_seconds": 10 + 2_700 * 0.02, "driver_processor_seconds": 1 + 2_700 * 0.0012,
    "driver_peak_bytes": 21_000_000,
}  # fmt: skip
STOPPED = {
    "interrupted": ["timm:*"], "rows": 90, "at": [30, 60], "lines": 94, "same": True, "wall_seconds": 9.0,
    "interrupted_wall_seconds": 12.0, "load": 1.0,
}  # fmt: skip


def test_a_sweep_is_measured(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHCOST_SWEEP", "")  # marks the processes of the sweep; restored afterwards
    took = sweeps.sweep(2, "local", None, 1, str(tmp_path / "rows"))

    assert (took["rows"], took["failures"]) == (2, 0)
    assert 0 < took["driver_processor_seconds"] < took["processor_seconds"]
    assert took["driver_peak_bytes"] > 0
    one, two = map(json.loads, (tmp_path / "rows").read_text().splitlines())
    assert one[1] != two[1]  # another number of classes


def test_a_million_rows_are_extrapolated_from_two_sweeps():
    """54 more s for 2,700 more rows are 20 ms per row: 20,000 s, 5.6 hours; 3.24 s of the driver are 1.2 ms per row."""
    page = sweeps_page.spell([RUN, MORE])

    assert "20.0 ms of a core for each row, 1.20 ms of it in the driver, whose peak grows by 5.0%" in page
    assert "5.6 core-hours, 20 minutes of the driver" in page


@pytest.mark.parametrize(("digest", "says"), [("ab", "are the same"), ("cd", "DIFFER")])
def test_rows_of_both_engines_are_compared(digest, says):
    page = sweeps_page.spell([RUN, {**RUN, "engine": "ray", "digest": digest}])

    assert f"The 300 rows of LeNet-5 from the pool and from Ray {says}." in page


def test_an_interrupted_comparison_is_told(tmp_path):
    (tmp_path / "runs.jsonl").write_text(f"{json.dumps(RUN)}\n{json.dumps(STOPPED)}\n")
    subprocess.run(
        [sys.executable, "-m", "benchmarks.sweeps", "--page", str(tmp_path / "runs.jsonl"), "-o", str(tmp_path / "p")],
        check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    page = (tmp_path / "p").read_text()

    assert "interrupted with 30 and with 60 of 90 rows in the journal" in page
    assert "the same CSV, byte by byte," in page


@pytest.mark.extras
def test_a_comparison_that_is_interrupted_twice_ends_as_one_that_is_not():
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.interrupted", "resnet*", "vgg*", "densenet*"],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert json.loads(found.stdout)["same"]
