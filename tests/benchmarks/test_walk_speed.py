"""The comparison of walks with and without tracked storage lifetimes: both count the same."""

import pytest

import archcost
from benchmarks import walk


def test_without_lifetimes_nothing_but_memory_is_missing():
    full = archcost.profile("lenet5", device="meta")
    with walk.without_lifetimes():
        bare = archcost.profile("lenet5", device="meta")

    assert bare.peak == walk.NOTHING
    assert full.peak.nbytes > 0
    assert bare.layers == full.layers
    assert archcost.profile("lenet5", device="meta") == full


@pytest.mark.extras
def test_it_takes_both_in_turn_and_says_the_ratio(capsys):
    order = []
    walk.compare(lambda: order.append("with"), lambda: order.append("without"), rounds=2)
    assert order == ["with", "without"] * 3
    assert walk.main(("lenet5",), rounds=1) in {0, 1}
    assert capsys.readouterr().out.splitlines()[1].startswith("lenet5 ")
