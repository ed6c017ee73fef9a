"""Sixty networks, twenty of which misbehave: the others have their rows, and nothing is left."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from misbehaving import KINDS, ODD, write_hang_at_import

SWEEP = """
import operator, sys
from archcost.profiling.run import run
from archcost.records import Failure, Sweeping

how = Sweeping(timeout={timeout}, max_memory=1 << 30, journal="journal.jsonl", engine={engine!r})
for spec, row in run({specs!r}, {{}}, operator.attrgetter("totals.macs"), jobs=2, sweeping=how):
    print(spec, row.kind if isinstance(row, Failure) else row, sep="\\t", flush=True)
"""
WELL = [*ODD, *(f"misbehaving.py:well?channels={number}" for number in range(1, 38))]
EXPECTED = {
    **KINDS,
    **{spec: str(27 * 222 * 222 * int(spec.partition("=")[2] or 1)) for spec in WELL},  # 3 x 3 x 3 taps a channel
}
TIMEOUT = 60  # seconds that no good network takes on a busy machine


@pytest.fixture
def sweep(tmp_path, engine):
    """Start a sweep of the sixty, whose processes can be told from all others."""
    if engine == "ray":
        pytest.importorskip("ray")
    shutil.copy(Path(__file__).parents[1] / "misbehaving.py", tmp_path)
    write_hang_at_import(tmp_path)
    mark = uuid.uuid4().hex
    specs = [spec for pair in zip(EXPECTED, reversed(EXPECTED), strict=True) for spec in pair][: len(EXPECTED)]
    assert sorted(specs) == sorted(EXPECTED)
    program = SWEEP.format(timeout=TIMEOUT, engine=engine, specs=specs)

    def start():
        more = {"SWEEP_MARK": mark, "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"}
        return subprocess.Popen(
            [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **more}, start_new_session=True,
        )  # fmt: skip

    start.mark, start.journal = mark, tmp_path / "journal.jsonl"
    return start


def list_marked(mark):
    """Return the processes of a sweep that are still there."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and mark.encode() in (folder / "environ").read_bytes():
                found.append((int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")[:200]))
        except OSError:
            continue
    return found


def wait_for_none(mark, seconds=180):
    until = time.monotonic() + seconds
    while left := list_marked(mark):
        assert time.monotonic() < until, left
        time.sleep(0.1)


def read_rows(process):
    out, _ = process.communicate(timeout=900)
    assert process.returncode == 0
    return dict(line.split("\t") for line in out.splitlines())


@pytest.mark.extras
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_sixty_networks_of_which_twenty_misbehave(sweep):
    assert len(KINDS) == 20
    assert len(EXPECTED) == 60
    assert read_rows(sweep()) == EXPECTED
    wait_for_none(sweep.mark)


@pytest.mark.extras
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_a_sweep_that_is_killed_leaves_nothing_and_goes_on_where_it_was(sweep):
    first = sweep()
    while not sweep.journal.exists() or sweep.journal.read_text().count("\n") < 15:
        assert first.poll() is None
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for_none(sweep.mark)
    known = [json.loads(line)["spec"] for line in sweep.journal.read_text().splitlines()]

    assert read_rows(sweep()) == EXPECTED
    after = [json.loads(line)["spec"] for line in sweep.journal.read_text().splitlines()]
    again = {spec for spec in known if after.count(spec) > 1}
    assert again <= {f"misbehaving.py:{name}" for name in ("kills_itself", "ends_its_group", "ends_its_parents_group")}
    wait_for_none(sweep.mark)
