"""The list of slow tests names existing tests, and a run names the ones that it lacks."""

import ast
from pathlib import Path

import slowness

pytest_plugins = "pytester"
ROOT = Path(__file__).parent.parent


def functions(path):
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_slow_test_exists_and_is_named_once():
    named = slowness.listed()
    assert named == sorted(set(named))
    for name in named:
        path, _, function = name.partition("[")[0].partition("::")
        assert function in functions(ROOT / path), f"{name} is in tests/slow.txt, and there is no such test"


def run(pytester, monkeypatch, *arguments, listed=""):
    """Run a quick and a slow test under these hooks, with a fake clock."""
    (pytester.path / "slow.txt").write_text(listed)
    monkeypatch.setattr(slowness, "LIST", pytester.path / "slow.txt")
    monkeypatch.setattr(slowness, "ROOT", pytester.path)
    monkeypatch.setattr(slowness, "_taken", {})
    seconds = iter([0.0, 0.001, 1.0, 11.0])
    monkeypatch.setattr(slowness, "_processor_seconds", lambda: next(seconds, 11.0))  # this test itself ends, too
    pytester.makepyfile(test_a="def test_quick():\n    pass\n\n\ndef test_slow():\n    pass\n")
    pytester.makeini("[pytest]\nmarkers = slow\n")
    return pytester.inline_run(*arguments, "-p", "no:archcost", "-p", "no:cacheprovider", plugins=[slowness])


def test_a_run_says_which_slow_tests_the_list_lacks(pytester, monkeypatch, capsys):
    run(pytester, monkeypatch)
    said = capsys.readouterr().out
    assert "test_a.py::test_slow (10 s)" in said
    assert "test_quick (" not in said


def test_a_listed_test_is_marked(pytester, monkeypatch):
    run(pytester, monkeypatch, "-m", "not slow", listed="test_a.py::test_slow\n").assertoutcome(passed=1)


def test_an_update_writes_what_was_slow_and_forgets_what_is_gone(pytester, monkeypatch):
    monkeypatch.setenv(slowness.UPDATE, "1")
    run(pytester, monkeypatch, listed="test_a.py::test_gone\ntest_b.py::test_of_no_file\n")
    assert slowness.listed() == ["test_a.py::test_slow"]
