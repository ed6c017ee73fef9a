"""A user's CSV: errors name file, line and column."""

import math

import pytest

from archcost.comparison.tables import read_table, yield_rows
from archcost.errors import TableError


def table(text):
    return list(yield_rows(text, "t.csv", ("name", "size")))


def test_cells_are_read_by_the_names_of_the_first_line():
    (row,) = table(" Name ,SIZE\n a , 1.5\n\n")
    assert (row.text("name"), row.number("size", 0, 10), row.line) == ("a", 1.5, 2)


def test_an_empty_cell_and_a_missing_column_are_nothing():
    (row,) = table("name\nx\n")
    assert row.number("size", 0, 1) is None
    assert row.text("size", "any") == "any"


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "10.1", "many"])
def test_a_number_outside_its_limits_is_refused_with_its_place(value):
    row = table(f"name,size\na,1\nb,{value}\n")[1]
    with pytest.raises(TableError, match=rf"t\.csv, line 3, column 'size': .*{value}"):
        row.number("size", 0, 10)


def test_limits_are_said():
    (row,) = table("name,size\na,-1\n")
    with pytest.raises(TableError, match="from 0 to 10"):
        row.number("size", 0, 10)
    with pytest.raises(TableError, match="of at least 0"):
        row.number("size", 0, math.inf)


def test_a_word_that_is_none_of_the_allowed_is_refused():
    (row,) = table("name,size\nc,\n")
    assert row.choice("size", ("a", "b")) == "a"
    with pytest.raises(TableError, match="'c' is not one of a, b"):
        row.choice("name", ("a", "b"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty; its first line names the columns: name, size"),
        ("nmae\nx\n", "no column 'nmae'; did you mean name"),
        ("name,size\nx\n", "line 2: it has 1 columns, the first line 2"),
    ],
)
def test_a_table_of_another_shape_is_refused(text, reason):
    with pytest.raises(TableError, match=reason):
        table(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(TableError, match=r"gone\.csv cannot be read: No such file"):
        list(read_table(tmp_path / "gone.csv", ("name",)))
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(TableError, match="it is not UTF-8"):
        list(read_table(tmp_path / "bytes.csv", ("name",)))


def test_a_mark_at_the_beginning_of_the_file_is_no_letter(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfname\nx\n")
    assert [row.text("name") for row in read_table(tmp_path / "t.csv", ("name",))] == ["x"]
