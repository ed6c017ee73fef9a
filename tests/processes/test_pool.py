"""Many requests, some of which end their worker."""

import sys
from queue import SimpleQueue

import pytest

from archcost.processes.asking import AnswerError
from archcost.processes.endings import DiedError
from archcost.processes.pool import Pool


def test_answers_come_as_they_are_done_and_a_pool_is_asked_again():
    with Pool(2) as pool:
        ((place, exits),) = pool.run("os:_exit", [{"status": 3}])
        rounded = dict(pool.run("builtins:round", ({"number": n + 0.25, "ndigits": 1} for n in range(9))))
        ((_, wrong),) = pool.run("builtins:round", [{}])
    assert place == 0
    assert isinstance(exits, DiedError)
    assert "exit code 3" in str(exits)
    assert rounded == {n: n + 0.2 for n in range(9)}
    assert isinstance(wrong, AnswerError)


def test_no_more_requests_are_taken_than_there_are_workers():
    taken = []

    def requests():
        for number in range(5):
            taken.append(number)
            yield {"number": number}

    with Pool(1) as pool:
        answers = pool.run("builtins:round", requests())
        assert next(answers) == (0, 0)
        assert taken == [0]
        answers.close()


def test_what_this_process_can_import_its_workers_can(tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def call():\n    return 'found'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *sys.path])  # the current folder, as in `python -c`
    with Pool(1) as pool:
        assert list(pool.run("only_here:call", [{}])) == [(0, "found")]


class Interrupted(SimpleQueue):
    """A queue that loses its first answer, as if Ctrl-C came between taking and storing it."""

    interrupts = 1

    def get(self):
        answer = super().get(timeout=60)  # a missing answer is an error here, not a hanging test
        if self.interrupts:
            self.interrupts = 0
            raise KeyboardInterrupt
        return answer


def test_an_interrupt_while_an_answer_is_taken_ends_the_run(monkeypatch):
    monkeypatch.setattr("archcost.processes.pool.SimpleQueue", Interrupted)
    with Pool(2) as pool:
        answers = pool.run("builtins:round", ({"number": n} for n in range(4)))
        with pytest.raises(KeyboardInterrupt):
            list(answers)
