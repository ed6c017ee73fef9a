"""Two revisions of a network timed in turn, by two processes that do run."""

import pytest

from archcost.errors import NotInRevisionError
from archcost.regression.revisions import checkout, working_tree
from archcost.regression.timing import compare_speed

NET = """
import time

from torch import nn


class Net(nn.Module):
    def forward(self, x):
        time.sleep({seconds})
        return x
"""


def test_a_network_that_takes_twice_as_long_is_worse_and_the_other_way_round_better(repository):
    repository.commit({"sleepy.py": NET.format(seconds=0.02)})
    repository.write("sleepy.py", NET.format(seconds=0.04))
    seen = []
    with checkout("HEAD") as base, working_tree() as head:
        slower = compare_speed("sleepy.py:Net", base, head, inputs=["3x4x4"], progress=lambda *at: seen.append(at))
        faster = compare_speed("sleepy.py:Net", head, base, inputs=["3x4x4"])

    assert (slower.state, faster.state) == ("worse", "better")
    assert 1 < slower.low <= slower.ratio <= slower.high
    assert [(len(each.base), len(each.head)) for each in slower.rounds] == [(3, 3)] * 8
    assert (slower.base_seconds >= 0.02, slower.head_seconds >= 0.04) == (True, True)
    assert seen == [(done, 8) for done in range(8)]


def test_what_is_missing_or_fails_is_said_before_anything_is_timed(repository):
    repository.write("later.py", NET.format(seconds=0))
    with checkout("HEAD") as base, working_tree() as head, pytest.raises(NotInRevisionError, match=r"of HEAD .* exist"):
        compare_speed("later.py:Net", base, head)
