"""Progress on a terminal while a command works, which leaves nothing behind."""

import os
import re
import subprocess
import sys
import textwrap

import pytest
from pseudo_terminal import HIDE_CURSOR, watch

from archcost.cli import INTERRUPTED
from archcost.cli.progress import is_watched, show_progress
from archcost.cli.steps import Progress
from archcost.records import Done

WORK = """
import signal, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
from archcost.cli import progress as shown
from archcost.cli.options import keep_process
shown.SOON = {soon}
try:
    with shown.show_progress(3, "Counting", quiet={quiet}) as advance, keep_process():
        from archcost.records import Done
        print("a network's own words")
        advance(Done("first"))
        advance(Done("second", failed=True))
        {wait}
        advance.begin("third")
        {wait}
        advance(Done("third"))
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
print("result")
print("rich" in sys.modules)
"""
FOREVER = "time.sleep(60)"
SEEN = "signal.sigwait([signal.SIGUSR1])"  # until the test has seen the progress
A_WHILE = "time.sleep(0.3)"  # long enough to show progress


def work(*, soon=0.0, quiet=False, wait=SEEN, tell_after=("2 of 3", "third"), **options):
    program = WORK.format(soon=soon, quiet=quiet, wait=wait)
    return watch([sys.executable, "-c", program], tell_after=tell_after if SEEN in wait else (), **options)


def test_it_shows_how_many_of_all_are_done_which_failed_the_time_and_the_name():
    seen = work()

    assert "Counting" in seen.text
    assert "2 of 3, 1 failed" in seen.text
    assert re.search(r"\d+:\d\d, \d+:\d\d left", seen.text)
    assert "second" in seen.text
    assert "third" in seen.text


def test_it_is_gone_in_the_end_and_the_words_of_others_stay_above():
    seen = work()

    assert seen.screen == ["a network's own words"]
    assert seen.result == "result\nTrue\n"
    assert seen.unchanged
    assert HIDE_CURSOR not in seen.written  # so the progress need not be shown again


def test_ctrl_c_leaves_the_terminal_as_it_was():
    seen = work(wait=FOREVER, interrupt_after="2 of 3")

    assert seen.screen == ["a network's own words", "interrupted"]
    assert seen.unchanged
    assert HIDE_CURSOR not in seen.written


def test_what_is_done_soon_shows_nothing_and_does_not_import_rich():
    seen = work(soon=60.0, wait=A_WHILE)

    assert seen.text.split() == ["a", "network's", "own", "words"]
    assert seen.result == "result\nFalse\n"


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"CI": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_log_and_a_dumb_terminal_get_no_live_output(environment):
    seen = work(wait=A_WHILE, **environment)

    assert seen.written.replace("\r", "") == "a network's own words\n"
    assert seen.result.endswith("False\n")


def test_quiet_shows_nothing():
    assert work(quiet=True, wait=A_WHILE).written.replace("\r", "") == "a network's own words\n"


def test_a_pipe_gets_nothing():
    done = subprocess.run(
        [sys.executable, "-c", WORK.format(soon=0.0, quiet=False, wait="")],
        capture_output=True, text=True, check=True, env={**os.environ, "CI": ""},
    )  # fmt: skip

    assert done.stderr == "a network's own words\n"
    assert done.stdout == "result\nFalse\n"


def test_a_long_name_takes_no_room_from_the_rest():
    seen = work(wait=f"advance(Done({'n' * 300!r})); {SEEN}", tell_after=("3 of 3", "4 of 3"))

    assert "3 of 3, 1 failed" in seen.text
    assert "nnn…" in seen.text


def test_nobody_watches_a_process_without_stderr(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not is_watched()


def test_failures_are_counted_and_the_rest_is_expected_to_take_as_long():
    told = Progress(4, "Counting")
    assert told.remaining is None
    told("a")
    told(Done("b", failed=True))
    told._begun -= 10

    assert (told.done, told.failures, told.name) == (2, 1, "b")
    assert told.remaining == pytest.approx(10, abs=1)  # 2 took 10 seconds, 2 are left


def test_without_a_terminal_it_counts_all_the_same(capsys):
    with show_progress(1, "Counting", quiet=False) as advance:
        advance(Done("a", failed=True))

    assert advance.failures == 1
    assert capsys.readouterr() == ("", "")


def test_a_done_step_is_its_name():
    assert Done("vgg16") == "vgg16"
    assert not Done("vgg16").failed
    assert [*map(str.upper, [Done("a", failed=True)])] == ["A"]


def test_a_sweep_shows_the_finished_cells_while_the_next_is_timed():
    seen = watch([sys.executable, "-m", "archcost", "time", "lenet5", "--batch", "1,2,3", "--max-time", "0.02"])

    assert seen.code == 0
    assert "1 of 3" in seen.text
    table = seen.text[seen.text.index("1 of 3") - 400 : seen.text.index("1 of 3")]
    assert "Median" in table
    assert seen.screen == []
    assert seen.result.count("LeNet-5") == 1
    assert seen.unchanged


def test_ctrl_c_in_the_middle_of_many_networks_leaves_one_line_and_the_terminal_as_it_was():
    seen = watch([sys.executable, "-m", "archcost", "compare", "--all"], interrupt_after="Counting")

    assert seen.code == INTERRUPTED
    assert seen.screen == ["archcost: interrupted"]
    assert seen.result == ""
    assert seen.unchanged
    assert HIDE_CURSOR not in seen.written


@pytest.fixture
def broken(tmp_path):
    (tmp_path / "mine.py").write_text(
        textwrap.dedent(
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.classifier = nn.Linear(10, 5)

                def forward(self, image):
                    flat = image.flatten(1)  # too wide
                    return self.classifier(flat)

            def build(depth=3):
                widths = [1, 2]
                return nn.Linear(widths[depth], 3)
            """
        )
    )
    return tmp_path


def profiled(folder, spec, *options, **environment):
    return watch([sys.executable, "-m", "archcost", "profile", spec, *options], cwd=folder, **environment)


def test_a_network_that_fails_while_it_runs_shows_the_users_own_lines(broken):
    seen = profiled(broken, "mine.py:Net", "--input", "3x8x8")

    assert seen.code == 3
    assert "flat = image.flatten(1)  # too wide" in seen.text  # the line before the failed one
    assert "mine.py:11 in forward" in seen.text
    assert "torch/" not in seen.text
    assert "archcost: the forward failed in classifier (Linear)" in seen.text


def test_a_network_that_fails_while_it_is_built_shows_them_once(broken):
    seen = profiled(broken, "mine.py:build")

    assert seen.text.count("return nn.Linear(widths[depth], 3)") == 1
    assert "widths = [1, 2]" in seen.text
    assert "archcost: build() raised IndexError: list index out of range" in seen.text


def test_debug_shows_the_whole_traceback_and_a_log_one_line(broken):
    whole = profiled(broken, "mine.py:Net", "--input", "3x8x8", "--debug")
    logged = profiled(broken, "mine.py:Net", "--input", "3x8x8", CI="1")

    assert "Traceback (most recent call last):" in whole.text
    assert "archcost/walk/walk.py" in whole.text
    assert "too wide" not in logged.text
    assert logged.text.startswith("archcost: the forward failed")


def test_a_request_that_is_wrong_shows_no_code(broken):
    seen = profiled(broken, "mine.py:nothing")

    assert seen.code == 2
    assert len(seen.screen) == 1


def test_the_rate_is_that_of_late_so_that_rows_of_a_journal_promise_nothing(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("archcost.cli.steps.time.monotonic", lambda: now[0])
    told = Progress(1000, "Counting")
    for _ in range(900):  # known already
        told("")
    for _ in range(50):
        now[0] += 10
        told("")

    assert told.rate == pytest.approx(0.1)
    assert told.remaining == pytest.approx(50 * 10)


def test_a_log_has_a_line_for_each_tenth_of_a_long_command(monkeypatch, capsys):
    monkeypatch.setattr("archcost.cli.progress.SOON", 0.0)
    for steps, lines in ((40, 10), (9, 0)):
        with show_progress(steps, "Counting", quiet=False) as advance:
            for step in range(steps):
                advance(Done(str(step), failed=step == 0))
        said = capsys.readouterr().err.splitlines()
        assert len(said) == lines
    with show_progress(40, "Counting", quiet=False) as advance:
        for step in range(20):
            advance(Done(str(step), failed=step == 0))
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"archcost: Counting: 20 of 40, 1 failed, [\d.e+]+/s, 0:00 left", last)
