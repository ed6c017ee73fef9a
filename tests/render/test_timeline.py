"""The memory view and its timeline."""

import pytest
import torch
from torch import nn

import archcost
from archcost.errors import ArgumentError
from archcost.records import Report
from archcost.render.report import render


@pytest.fixture
def trained():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    return archcost.profile(net, torch.zeros(5, 3), train="adam", timeline=True)


def test_the_timeline_is_every_operator_and_its_largest_the_peak(trained):
    assert [instant.operator for instant in trained.timeline] == list(range(len(trained.timeline)))
    assert max(instant.live_bytes for instant in trained.timeline) == trained.totals.peak_training_bytes
    assert list(dict.fromkeys(i.phase for i in trained.timeline)) == ["forward", "loss", "backward", "step"]
    assert {i.layer for i in trained.timeline if i.phase == "backward"} >= {"0", "1", "2"}
    assert Report.from_json(trained.to_json()) == trained


def test_the_first_operator_holds_what_was_there_and_its_result(trained):
    """These are parameters, two moments and a step count for each of four tensors, input, labels, the first result."""
    params = 3 * 4 + 4 + 4 * 2 + 2
    makes = next(instant for instant in trained.timeline if instant.op == "aten.addmm")
    assert makes.live_bytes == 3 * 4 * params + 4 * 4 + 4 * 5 * 3 + 8 * 5 + 4 * 5 * 4


def test_the_view_marks_the_peak_once(trained):
    lines = render(trained, view="memory").splitlines()
    marked = [line for line in lines if "peak, at " in line]
    assert len(marked) == 1
    assert trained.peak.phase in marked[0]
    assert "peak, at " in render(trained, "markdown", view="memory")
    assert "live_bytes" in render(trained, "csv", view="memory").splitlines()[0]


def test_the_view_says_what_was_alive_at_the_peak(trained):
    lines = [line.split() for line in render(trained, view="memory").splitlines() if line.endswith("alive then")]
    assert sum(int(words[-6].replace(",", "")) for words in lines) == trained.peak.nbytes
    assert {" ".join(words[:-6]) for words in lines} == trained.peak.live.keys()


def test_a_report_without_a_timeline_says_so():
    with pytest.raises(ArgumentError, match="profile with timeline=True"):
        render(archcost.profile("lenet5"), view="memory")
    with pytest.raises(ArgumentError, match="order of execution"):
        render(archcost.profile("lenet5", timeline=True), view="memory", sort="macs")
