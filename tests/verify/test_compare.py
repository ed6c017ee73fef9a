"""The arithmetic: operators sum to the totals, their differences to the difference."""

import pytest
from verify.calls import call, step

from archcost.records.opinions import FVCORE, TORCH, Count
from archcost.verify.compare import ELSEWHERE, add_rest, add_torch_counts, build_opinion, list_operators

CALLS = (
    call("convolution", step("aten.convolution", 100)),
    call("batch_norm", step("aten.native_batch_norm", other_ops=20), inputs=((1, 10),), outputs=((1, 10),)),
    call("linear", step("aten.addmm", 30)),
    call("linear", step("aten.addmm", 12)),
    call("relu", step("aten.relu", other_ops=10)),
    call("scaled_dot_product_attention", step("aten._flash", 50, known=False, torch=0)),
)
FVCORE_COUNT = Count(
    by_operator={"convolution": 100, "batch_norm": 20, "linear": 42}, skipped={"scaled_dot_product_attention": 1}
)


def test_operators_are_those_of_which_a_counter_says_anything():
    counts = {FVCORE: FVCORE_COUNT, TORCH: add_torch_counts(CALLS, None)}
    found = [(each.name, each.calls, each.macs, dict(each.theirs)) for each in list_operators(CALLS, counts)]
    assert found == [
        ("convolution", 1, 100, {"fvcore": 100, "torch": 100}),
        ("batch_norm", 1, 0, {"fvcore": 20, "torch": 0}),
        ("linear", 2, 42, {"fvcore": 42, "torch": 42}),
        ("scaled_dot_product_attention", 1, 50, {"fvcore": 0, "torch": 0}),
    ]


def test_a_counter_that_failed_has_no_column_and_no_total():
    failed = Count(by_operator={}, skipped={}, failure="IndexError: list index out of range")
    assert all("fvcore" not in each.theirs for each in list_operators(CALLS, {FVCORE: failed}))
    found = build_opinion(FVCORE, "1.0", failed, CALLS)
    assert (found.total, found.differences, found.failure) == (None, (), "IndexError: list index out of range")


def test_differences_add_up_and_the_largest_comes_first():
    found = build_opinion(FVCORE, "1.0", FVCORE_COUNT, CALLS)
    assert [(each.operator, each.macs) for each in found.differences] == [
        ("scaled_dot_product_attention", -50),
        ("batch_norm", 20),
    ]
    assert found.total == 162
    assert found.difference == found.total - sum(each.macs for each in CALLS)
    assert found.unexplained == 0


def test_torch_skips_what_it_has_no_formula_for():
    count = add_torch_counts(CALLS, None)
    assert count.skipped == {"aten._flash": 1}
    found = build_opinion(TORCH, "1.0", count, CALLS)
    assert (found.total, found.difference, found.unexplained) == (142, -50, 0)


def test_a_formula_that_differs_for_no_known_reason_is_unexplained():
    calls = (call("linear", step(macs=10, torch=11)),)
    found = build_opinion(TORCH, "1.0", add_torch_counts(calls, None), calls)
    assert (found.difference, found.unexplained) == (1, 1)


@pytest.mark.parametrize("counter", [FVCORE, TORCH])
def test_what_only_the_profile_counted_is_unexplained(counter):
    calls = add_rest(CALLS, 192 + 8)
    count = FVCORE_COUNT if counter == FVCORE else add_torch_counts(calls, None)
    found = build_opinion(counter, "1.0", count, calls)
    assert sum(each.macs for each in calls) == 200
    assert next(each for each in found.differences if each.operator == ELSEWHERE).macs == -8
    assert found.unexplained == -8
    assert found.difference == found.total - 200


def test_nothing_is_added_where_the_profile_agrees():
    assert add_rest(CALLS, 192) == CALLS
