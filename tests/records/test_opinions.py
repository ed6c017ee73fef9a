"""Sums over a counter's figures."""

from verify.calls import call, step

from archcost.verify import CountDifference, Opinion


def test_a_call_costs_what_its_steps_cost():
    found = call("lstm", step(macs=3, other_ops=1), step(macs=4, other_ops=2))
    assert (found.macs, found.other_ops) == (7, 3)


def test_what_has_no_reason_is_unexplained():
    differences = (
        CountDifference(operator="linear", macs=-5, reason=None),
        CountDifference(operator="batch_norm", macs=7, reason="it counts normalisation"),
    )
    found = Opinion(counter="fvcore", version="1.0", total=12, skipped={}, differences=differences)
    assert (found.difference, found.unexplained) == (2, -5)
