"""Time per operator, measured in turn over networks that differ in depth."""

import pytest
import torch
from torch import nn

from benchmarks import scaling


def layers(count):
    return lambda: (nn.Sequential(*(nn.Linear(2, 2) for _ in range(count))), torch.empty(1, 2, device="meta"))


@pytest.mark.extras
def test_the_ratio_is_that_between_networks_and_a_large_one_is_a_failure(capsys, monkeypatch):
    family = {"shallow": layers(2), "deep": layers(20)}
    found = scaling.ratio(family, rounds=3)
    lines = capsys.readouterr().out.splitlines()

    assert found >= 1
    assert [line.split()[:2] for line in lines[:2]] == [["shallow", "4"], ["deep", "40"]]  # t and addmm
    assert [line.split()[0] for line in lines[2:]] == ["shallow", "deep"]
    monkeypatch.setattr(scaling, "LIMIT", 0.5)
    assert scaling.main({"linear": family}, rounds=1) == 1
    monkeypatch.setattr(scaling, "LIMIT", 1e9)
    assert scaling.main({"linear": family}, rounds=1) == 0
