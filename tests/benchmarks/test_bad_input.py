"""Damaged files end cleanly; `python -m benchmarks.bad_input` tries thousands of them."""

from __future__ import annotations

import pytest

from benchmarks import bad_input

KINDS = bad_input.make_kinds()


@pytest.mark.parametrize("name", KINDS)
def test_what_is_right_is_accepted(name):
    tally = bad_input.Tally()

    bad_input.attempt(KINDS[name], KINDS[name].text, tally)

    assert (tally.accepted, tally.refused) == (1, 0)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_damaged_ends_cleanly(name):
    tally = bad_input.try_kind(KINDS[name], 40)

    assert tally.refused > 0


def test_what_is_inconsistent_and_accepted_is_found():
    kind = bad_input.Kind(text="", read=len, check=lambda count: count == 0)

    with pytest.raises(AssertionError, match="not consistent"):
        bad_input.attempt(kind, "x", bad_input.Tally())


def test_a_refusal_that_echoes_what_it_was_given_is_found():
    def refuse(text):
        raise bad_input.ArchcostError(text)

    with pytest.raises(AssertionError):
        bad_input.attempt(bad_input.Kind(text="", read=refuse), "x" * 100_000, bad_input.Tally())
