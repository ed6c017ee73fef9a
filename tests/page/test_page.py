"""The parts of a page."""

from __future__ import annotations

from archcost.page.page import Column, agreed


def test_a_heading_names_its_unit():
    assert Column(name="macs", heading="MACs", unit="M").title == "MACs M"
    assert Column(name="depth", heading="Depth").title == "Depth"


def test_a_receptive_field_is_finite_only_on_every_axis():
    assert agreed((3, 1))
    assert not agreed(("all", 3))
    assert not agreed((None, 3))
    assert not agreed(())
    assert not agreed(None)
