"""The list of the zoo's networks: by family and paper in plain text, otherwise a table. Nothing here imports torch."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.page.document import Document
from archcost.page.page import Cell, Column, Line, Page, Table
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.zoo import Entry, Paper

NAMES = (
    "id", "title", "family", "input", "dataset", "authors", "year", "venue", "arxiv", "lecture", "aliases",
    "variant_of",
)  # fmt: skip
GAP = 6  # letters between the longest name and the titles


def build_document(entries: Sequence[Entry]) -> Document:
    """Return the document of a list of networks."""
    return Document(
        pages=lambda: (Page(title=_count_networks(entries), table=_build_table(entries)),),
        listing=lambda: (Page(title=_count_networks(entries), listing=tuple(_yield_lines(entries))),),
        data=lambda: _dump_entries(entries),
        rows=lambda: read_records(map(build_record, entries), NAMES),
    )


def build_record(entry: Entry) -> dict[str, str | int | None]:
    """Return a network's entry as plain values."""
    return {
        "id": entry.id,
        "title": entry.title,
        "family": entry.family,
        "input": units.shape(entry.input),
        "dataset": entry.dataset,
        "authors": entry.paper.authors,
        "year": entry.paper.year,
        "venue": entry.paper.venue,
        "arxiv": entry.paper.arxiv,
        "lecture": entry.lecture,
        "aliases": " ".join(entry.aliases),
        "variant_of": entry.variant_of,
    }


def _count_networks(entries: Sequence[Entry]) -> str:
    return f"{units.exact(len(entries))} network{'' if len(entries) == 1 else 's'} of the zoo"


def _yield_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield one block for each family and paper; variants are indented under the ordinary name."""
    width = max((len(_join_names(entry)) for entry in entries), default=0)
    names = {entry.id for entry in entries}
    groups = groupby(_sort_entries(entries), key=lambda entry: (entry.family, entry.paper))
    for n, ((family, paper), group) in enumerate(groups):
        if n:
            yield ""
        yield f"{family}: {_cite(paper)}"
        for entry in group:
            indent = "    " if entry.variant_of in names else "  "
            yield f"{indent}{_join_names(entry):<{width + GAP - len(indent)}}{entry.title}"


def _join_names(entry: Entry) -> str:
    return ", ".join((entry.id, *entry.aliases))


def _cite(paper: Paper) -> str:
    arxiv = f", arXiv:{paper.arxiv}" if paper.arxiv else ""
    return f"{paper.authors}, {paper.venue} {paper.year}{arxiv}"


def _sort_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Sort entries in the catalogue's order, with each variant directly below its base network."""
    place = {entry.id: i for i, entry in enumerate(entries)}
    firsts: dict[tuple[str, Paper], int] = {}
    for entry in entries:
        firsts.setdefault((entry.family, entry.paper), place[entry.id])

    def key(entry: Entry) -> tuple[int, int, bool, int]:
        ordinary = place.get(entry.variant_of or "", place[entry.id])
        return firsts[entry.family, entry.paper], ordinary, entry.variant_of is not None, place[entry.id]

    return sorted(entries, key=key)


def _build_table(entries: Sequence[Entry]) -> Table:
    headings = ("Aliases", "Network", "Family", "Input", "Dataset", "Paper")
    return Table(
        heading="Name",
        columns=tuple(Column(name=heading.lower(), heading=heading, numeric=False) for heading in headings),
        lines=tuple(
            Line(
                name=entry.id,
                label=entry.id,
                cells=tuple(
                    Cell(text=text)
                    for text in (
                        ", ".join(entry.aliases), entry.title, entry.family, units.shape(entry.input), entry.dataset,
                        _cite(entry.paper),
                    )
                ),
            )
            for entry in entries
        ),
    )  # fmt: skip


def _dump_entries(entries: Sequence[Entry]) -> str:
    """Return JSON with one network per line, so that one change is one changed line."""
    rows = ",\n".join(json.dumps(build_record(entry), ensure_ascii=False) for entry in entries)
    return f"[\n{rows}\n]\n"
