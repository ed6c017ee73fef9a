"""The check of all shape rules finds a wrong one in any process."""

import pytest

from benchmarks import shapes

WRONG = """
import torch
from archcost.walk.shapes.table import RULES

RULES[id(torch.ops.aten.relu.default)] = lambda image: image.new_empty(7)


def build():
    return torch.nn.ReLU()
"""


@pytest.mark.extras
def test_a_wrong_rule_is_a_failure_and_a_right_one_is_none(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ARCHCOST_CHECK_SHAPES", "0")
    (tmp_path / "wrong.py").write_text(WRONG)

    assert shapes.main(["--jobs", "2", "lenet5"]) == 0
    assert "1 of 1 networks walked" in capsys.readouterr().out
    assert shapes.main(["--jobs", "2", "lenet5", f"{tmp_path}/wrong.py:build"]) == 1
    told = capsys.readouterr().out
    assert "RuleError: the shape rule of aten.relu.default says" in told
    assert "1 of 2 networks walked" in told
