"""The module hierarchy."""

from __future__ import annotations

from render.reports import layer

from archcost.render.tree import build_places, read_path, yield_entered


def test_a_row_of_a_module_is_below_the_modules_around_it():
    assert read_path(layer("layer1.0.conv1", "Conv2d", (1,))) == ("layer1", "0", "conv1")


def test_a_row_of_an_operator_is_below_the_module_that_called_it():
    assert read_path(layer("layer1.0.add", "add", (1,), module="layer1.0")) == ("layer1", "0", "add")
    assert read_path(layer("add", "add", (1,), module="")) == ("add",)


def test_a_container_of_one_thing_gets_no_line():
    spots = build_places([("a", "b", "c", "conv"), ("a", "b", "c", "relu"), ("a", "b", "d"), ("only", "one", "row")])
    assert [spot.label for spot in spots] == ["conv", "relu", "d", "only.one.row"]
    assert spots[0].containers == (("a", "b"), ("a", "b", "c"))
    assert spots[2].containers == (("a", "b"),)
    assert spots[3].containers == ()


def test_containers_are_announced_when_they_are_entered():
    inner = (("a", "b"), ("a", "b", "c"))
    assert list(yield_entered((), inner)) == [(("a", "b"), 0, "a.b"), (("a", "b", "c"), 1, "c")]
    assert list(yield_entered(inner, inner[:1])) == []
    assert list(yield_entered(inner, (inner[0], ("a", "b", "d")))) == [(("a", "b", "d"), 1, "d")]
    assert [path for path, _, _ in yield_entered((("x",),), inner)] == list(inner)
