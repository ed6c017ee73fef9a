"""Processes run to their end, and the cost of the command line at its start."""

import subprocess

import pytest

from benchmarks import startup
from benchmarks.process import Process, finished


def test_a_process_has_its_output_its_seconds_and_its_memory():
    done = finished("-c", "import os; x = bytes(50_000_000); print(os.environ['GIVEN'])", environment={"GIVEN": "here"})

    assert done.output == "here\n"
    assert 0 < done.seconds < 60
    assert done.peak_bytes > 50_000_000


def test_a_process_that_fails_has_no_figures():
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        finished("-c", "raise SystemExit(3)")


def test_more_than_four_times_a_bare_interpreter_is_a_failure(capsys, monkeypatch):
    taken = {"-c": 1.0, "profile": 3.9}

    def run(*given, environment=None):
        words = [*given, *(environment or {}).values()]
        return Process(seconds=next((taken[word] for word in words if word in taken), 2.5), peak_bytes=0, output="")

    monkeypatch.setattr(startup, "finished", run)
    assert startup.main(rounds=2) == 0
    assert "archcost profile --help           3.90" in capsys.readouterr().out
    taken["archcost profile vg"] = 4.1
    assert startup.main(rounds=2) == 1
    assert "archcost profile vg<TAB>          4.10" in capsys.readouterr().out


def test_the_shell_is_answered():
    assert "profile" in finished("-m", "archcost", environment=startup.completing("archcost pro")).output
