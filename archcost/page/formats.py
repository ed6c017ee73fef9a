"""The formats of results.

A new format is one file with a function `write_text`, and one line in this table. `--format`, the suffixes of `-o`, the
help and the shell completion follow from the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError
from archcost.page.document import COMMON

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from archcost.page.document import Document, Part
    from archcost.page.target import Target


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, the suffixes of its files, the part of a document that it writes, and its module.

    `module` has the function `write_text(document, target)`, and is imported when the format is first used.
    """

    name: str
    suffixes: tuple[str, ...]
    part: Part
    module: str
    help: str

    def load_writer(self) -> Callable[[Document, Target], str | bytes]:
        """Import this format's `write_text`."""
        writer: Callable[[Document, Target], str | bytes] = import_module(self.module).write_text
        return writer


FORMATS = [
    Format("table", (".txt",), "pages", "archcost.page.terminal", "text for a terminal"),
    Format("json", (".json",), "data", "archcost.page.json_text", "everything, as JSON"),
    Format("csv", (".csv",), "rows", "archcost.page.csv_text", "raw values, as CSV"),
    Format("markdown", (".md", ".markdown"), "pages", "archcost.page.markdown", "text for GitHub"),
    Format("latex", (".tex",), "pages", "archcost.page.latex", "tables for a paper"),
    Format("html", (".html",), "pages", "archcost.page.html", "one file with charts"),
    Format("junit", (".xml",), "cases", "archcost.page.junit", "test cases, as XML"),
    Format("parquet", (".parquet",), "schema", "archcost.page.parquet", "raw values, for data frames"),
    Format("svg", (".svg",), "picture", "archcost.page.svg", "a picture"),
]


def select_formats(parts: Collection[Part] = COMMON) -> dict[str, Format]:
    """Return the formats for documents with these parts, by name."""
    return {form.name: form for form in FORMATS if form.part in parts}


def list_suffixes(parts: Collection[Part] = COMMON) -> dict[str, str]:
    """Return the format of each suffix."""
    return {suffix: form.name for form in select_formats(parts).values() for suffix in form.suffixes}


def find_format(name: str, parts: Collection[Part] = COMMON) -> Format:
    """Return the format with a name.

    Raises:
        ArgumentError: documents with these parts have no such format.
    """
    known = select_formats(parts)
    if name not in known:
        raise ArgumentError(f"there is no format {name!r}; there are {', '.join(known)}")
    return known[name]
