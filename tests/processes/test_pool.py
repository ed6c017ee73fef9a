"""Many requests, some of which end the process that they are put to."""

import sys

from archcost.processes.asking import AnswerError, DiedError
from archcost.processes.pool import Pool


def test_answers_come_in_the_order_of_the_requests_and_a_pool_is_asked_again():
    seen = []

    def note(place, found):
        seen.append(place)

    with Pool(2) as pool:
        (exits,) = pool.ask_all("os:_exit", [{"status": 3}], note)
        rounded = pool.ask_all("builtins:round", [{"number": n + 0.25, "ndigits": 1} for n in range(9)], note)
        (wrong,) = pool.ask_all("builtins:round", [{}], note)
    assert isinstance(exits, DiedError)
    assert "exit code 3" in str(exits)
    assert rounded == [n + 0.2 for n in range(9)]
    assert isinstance(wrong, AnswerError)
    assert sorted(seen) == [0, 0, 0, *range(1, 9)]


def test_what_this_process_can_import_its_workers_can(tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def call():\n    return 'found'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *sys.path])  # the current folder, as `python -c` has it
    with Pool(1) as pool:
        assert pool.ask_all("only_here:call", [{}], lambda *_: None) == ["found"]
