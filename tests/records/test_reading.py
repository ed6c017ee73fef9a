"""One reader for all JSON: values of a wrong type are refused with their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import pytest

from archcost.errors import ReportError
from archcost.records.reading import file_text, read, read_document


class Point(NamedTuple):
    x: int
    label: str | None
    y: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    points: tuple[Point, ...] = ()
    lines: tuple[tuple[str, int | None, *tuple[int | None, ...]], ...] = ()
    sizes: dict[str, int | Literal["all"]] | None = None
    width: float | None = None


def draw(**data):
    return read(Drawing, {"points": [], "lines": [], **data}, "drawing")


def test_what_is_newer_may_be_missing_and_is_unknown():
    found = draw(points=[{"x": 1, "label": None}])

    assert found == Drawing(points=(Point(1, None, None),))
    assert (found.sizes, found.width) == (None, None)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"points": [{"x": 1}]}, r"drawing.points\[0\] has no key 'label'; its keys are label, x, y"),
        ({"points": [{"x": 1, "label": "", "z": 1}]}, r"drawing.points\[0\] has an unknown key 'z'"),
        ({"points": [{"x": None, "label": ""}]}, r"drawing.points\[0\].x must be of type int, not None"),
        ({"points": [{"x": 1, "label": ""}, 2]}, r"drawing.points\[1\] must be an object, not int"),
        ({"points": None}, "drawing.points must be of type list, not None"),
        ({"lines": [["a", 1], ["a"]]}, r"drawing.lines\[1\] must have at least 2 items, not 1"),
        ({"lines": [["a", "b"]]}, r"drawing.lines\[0\]\[1\] must be of type int, not 'b'"),
        ({"lines": [[1, 1]]}, r"drawing.lines\[0\]\[0\] must be of type str, not 1"),
        ({"lines": [["a", 1, 2, None, 3.5]]}, r"drawing.lines\[0\]\[4\] must be of type int, not 3.5"),
        ({"sizes": {"a": 1, "b": "some"}}, "drawing.sizes.b must be of type int or 'all', not 'some'"),
        ({"sizes": {"a": True}}, "drawing.sizes.a must be of type int or 'all', not True"),
        ({"sizes": {"\ud800": 1}}, "drawing.sizes has half of a surrogate pair"),
        ({"width": float("nan")}, "drawing.width must be a finite number"),
        ({"width": -1}, "drawing.width must be at least 0, not -1"),
        ({"width": "1"}, "drawing.width must be of type float, not '1'"),
    ],
)
def test_what_is_of_another_type_is_refused_with_its_place(data, says):
    with pytest.raises(ReportError, match=says):
        draw(**data)


def test_lists_have_one_type_for_each_of_the_first_places_and_one_for_the_rest():
    lines = [["a", None], ["b", 1, 2, None]]

    assert draw(lines=lines).lines == (("a", None), ("b", 1, 2, None))


def test_of_several_types_one_is_enough():
    assert draw(sizes={"a": 3, "b": "all"}, width=2).sizes == {"a": 3, "b": "all"}


@pytest.mark.parametrize("text", ['{"schema": "drawing/2"}', "{}", "[]", '"drawing/1"', "1"])
def test_a_document_says_its_schema(text):
    with pytest.raises(ReportError, match="it must be of schema 'drawing/1', not"):
        read_document(Drawing, text, "drawing/1", "drawing")
    whole = '{"schema": "drawing/1", "points": [], "lines": []}'
    assert read_document(Drawing, whole, "drawing/1", "drawing") == Drawing()


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match="it is not UTF-8"):
        file_text(tmp_path / "a.json")
