"""CSV: raw integers."""

from __future__ import annotations

import csv
import io

from archcost.records import Layer
from archcost.render.report import render


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_quantity_of_every_row_is_there(vgg16):
    rows = read(render(vgg16, "csv"))
    assert len(rows) == 40
    assert list(rows[0]) == list(Layer._fields)
    for name in ("params", "macs", "activation_bytes"):
        assert sum(int(row[name]) for row in rows) == getattr(vgg16.totals, name)


def test_shapes_windows_and_lists_are_spelled_out(vgg16, branched):
    row = read(render(vgg16, "csv"))[3]
    assert (row["inputs"], row["kernel"], row["groups"], row["receptive_field"], row["jump"]) == (
        "1x64x224x224", "3x3", "1", "5x5", "1x1",
    )  # fmt: skip
    rows = read(render(branched, "csv"))
    assert rows[4]["reads"] == "2 3"
    assert rows[8]["outputs"] == "1x16x8 1x1x8 1x1x8"
    assert (rows[10]["call"], rows[10]["backward_macs"]) == ("", "")


def test_rows_may_be_sorted_and_columns_chosen(branched):
    rows = read(render(branched, "csv", sort="macs"))
    assert [row["name"] for row in rows[:2]] == ["stem", "blocks.1.conv"]
    rows = read(render(branched, "csv", columns=("macs", "receptive_field")))
    assert list(rows[0]) == ["layer", "call", "kind", "outputs", "macs", "receptive_field"]
    assert (rows[7]["call"], rows[10]["call"], rows[3]["receptive_field"]) == ("1", "", "5x3")


def test_modules_and_operators_are_rows_too(branched):
    rows = read(render(branched, "csv", view="modules", depth=2))
    assert next(row for row in rows if row["module"] == "blocks.1")["macs"] == "16384"
    rows = read(render(branched, "csv", view="ops"))
    assert rows[0] == {
        "operator": "mylib.myop", "calls": "1", "macs": "0", "other_ops": "0", "remark": "no rule: counted as nothing",
    }  # fmt: skip
