"""Of sixty networks twenty misbehave: the others get their rows, and nothing is left behind."""

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
    **{spec: str(27 * 222 * 222 * int(spec.partition("=")[2] or 1)) for spec in WELL},  # 3 x 3 x 3 taps per channel
}
TIMEOUT = 60  # seconds, more than any good network takes on a busy machine


@pytest.fixture
def sweep(tmp_path, engine):
    """Start a sweep of the sixty, with marked processes."""
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
    """Return the running processes of a sweep."""
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


def read_journal(sweep):
    return [json.loads(line) for line in sweep.journal.read_text().splitlines()] if sweep.journal.exists() else []


def wait_for_rows(sweep, process, count):
    while len(read_journal(sweep)) < count:
        assert process.poll() is None
        time.sleep(0.1)


def kill_one(mark, *names):
    """Kill a process of a sweep whose command has one of these names and no child with such a name."""
    found = [process for process, command in list_marked(mark) if any(name in command for name in names)]
    parents = set(map(read_parent, found))
    os.kill(next(process for process in found if process not in parents), signal.SIGKILL)


def read_parent(process):
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.mark.extras
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_a_sweep_goes_on_after_its_worker_its_node_and_its_driver_were_killed(sweep, engine):
    """Every network gets a row, whatever was killed; only killed requests run again; nothing is left behind."""
    first = sweep()
    wait_for_rows(sweep, first, 6)
    kill_one(sweep.mark, "processes.worker", "processes.shelter")  # the last of a worker's two or three processes
    wait_for_rows(sweep, first, 12)
    if engine == "ray":
        kill_one(sweep.mark, "raylet/raylet")
        first.communicate(timeout=600)  # it was the only node, so the sweep cannot go on
        assert first.returncode != 0
        wait_for_none(sweep.mark)
        first = sweep()
        wait_for_rows(sweep, first, len(read_journal(sweep)) + 6)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for_none(sweep.mark)

    assert read_rows(sweep()) == EXPECTED
    wait_for_none(sweep.mark)
    lines = read_journal(sweep)
    for spec in EXPECTED:
        *before, _ = (line["row"]["value"] for line in lines if line["spec"] == spec)
        assert all(isinstance(row, dict) for row in before)  # no figure is counted twice
        assert all(row["kind"] == "interruption" or row["error"] == "Killed" for row in before)
