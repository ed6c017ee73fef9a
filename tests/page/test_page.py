"""The parts of a page."""

from __future__ import annotations

from archcost.page.page import Column, is_finite


def test_a_heading_names_its_unit():
    assert Column(name="macs", heading="MACs", unit="M").title == "MACs M"
    assert Column(name="depth", heading="Depth").title == "Depth"


def test_a_receptive_field_is_finite_only_on_every_axis():
    assert is_finite((3, 1))
    assert not is_finite(("all", 3))
    assert not is_finite((None, 3))
    assert not is_finite(())
    assert not is_finite(None)
