"""`archcost init`: from an empty project to a passing check, without losing anything."""

from functools import partial

import pytest

NET = "from torch import nn\n\n\ndef build(width=4):\n    return nn.Conv2d(3, width, 3)\n"
VALUES = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n"
    "    def forward(self, x):\n        return x * x.sum().item()\n"
)  # fmt: skip


@pytest.fixture
def run(tmp_path, archcost):
    (tmp_path / "model.py").write_text(NET)
    return partial(archcost, cwd=tmp_path)


def test_from_nothing_to_a_check_that_passes_and_then_fails(run, tmp_path):
    (tmp_path / "values.py").write_text(VALUES)
    begun = run("init", "model.py:build", "values.py:Net", "--input", "3x8x8")
    updated = run("check", "--update")
    (tmp_path / "model.py").write_text(NET.replace("width=4", "width=5"))
    wider = run("check")

    assert (begun.returncode, begun.stdout) == (0, ""), begun.stderr
    assert "model.py:build, values.py:Net added to" in begun.stderr
    assert "archcost check --update" in begun.stderr
    text = (tmp_path / "pyproject.toml").read_text()
    assert text.count('device = "cpu"  # it needs real values') == 1
    assert "# 3.888 k MACs, 112 params on 1x3x8x8" in text
    assert (updated.returncode, wider.returncode) == (0, 1), updated.stderr + wider.stderr


def test_what_is_there_is_left_alone_and_files_are_named_from_the_settings(run, tmp_path):
    mine = '[project]\r\nname = "mine"  # by hand\r\n'
    (tmp_path / "pyproject.toml").write_bytes(mine.encode())
    (tmp_path / "below").mkdir()
    first = run("init", "../model.py:build?width=2", "--input", "3x8x8", cwd=tmp_path / "below")
    once = (tmp_path / "pyproject.toml").read_bytes()
    again = run("init", str(tmp_path / "model.py:build?width=2"))

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert once.startswith(mine.encode())
    assert b'spec = "model.py:build?width=2"\r\n' in once
    assert (tmp_path / "pyproject.toml").read_bytes() == once
    assert "has model.py:build?width=2 already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "text", "code", "says"),
    [
        (["init"], "a = 1\n", 2, "Missing argument"),
        (["init", "lenet55"], "a = 1\n", 2, "did you mean lenet5"),
        (["init", "model.py:build", "--input", "5x8x8"], "a = 1\n", 3, "the forward failed"),
        (["init", "model.py:build", "--input", "wide"], "a = 1\n", 2, "does not parse"),
        (["init", "lenet5"], "a = \n", 2, "Invalid value"),
    ],
)
def test_where_anything_is_wrong_nothing_is_written(run, tmp_path, arguments, text, code, says):
    (tmp_path / "pyproject.toml").write_text(text)
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert says in done.stderr
    assert (tmp_path / "pyproject.toml").read_text() == text
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {"model.py", "pyproject.toml"}
