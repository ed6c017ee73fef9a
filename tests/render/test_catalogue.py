"""The networks of the zoo as a document."""

from __future__ import annotations

import csv
import io

from archcost.page.emit import emit
from archcost.render.catalogue import NAMES, build_document, build_record
from archcost.zoo import REGISTRY


def test_every_form_has_every_network():
    entries = list(REGISTRY)
    for form in ("table", "json", "csv", "markdown", "html"):
        text = emit(build_document(entries), form)
        assert all(entry.id in text for entry in entries)


def test_rows_have_what_is_known_also_where_there_is_nothing():
    entry = REGISTRY.find("vgg16")
    assert tuple(build_record(entry)) == NAMES
    (row,) = csv.DictReader(io.StringIO(emit(build_document([entry]), "csv")))
    assert (row["id"], row["input"], row["year"], row["variant_of"]) == ("vgg16", "3x224x224", "2015", "")
    assert emit(build_document([]), "csv").rstrip("\n").split(",") == list(NAMES)


def test_nothing_is_a_document_too():
    assert emit(build_document([])) == "0 networks of the zoo\n"
    assert "<h1>0 networks of the zoo</h1>" in emit(build_document([]), "html")
