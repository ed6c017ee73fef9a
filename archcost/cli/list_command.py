"""`archcost list`: the networks of the zoo, without importing torch."""

from __future__ import annotations

import csv
import io
import json
from itertools import groupby
from typing import TYPE_CHECKING

import click

from archcost import units
from archcost.cli.options import chosen_format, note, output_options, write
from archcost.zoo import REGISTRY, Entry, Paper

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    "id",
    "title",
    "family",
    "input",
    "dataset",
    "authors",
    "year",
    "venue",
    "arxiv",
    "lecture",
    "aliases",
    "variant_of",
)


@click.command("list", short_help="List the networks of the zoo.")
@click.argument("pattern", required=False)
@output_options("table", "json", "csv", "markdown")
def command(pattern: str | None, format_: str | None, output: str | None, *, quiet: bool, color: str) -> None:
    """List the networks of the zoo by family, with paper and year.

    PATTERN is a part of a name, family or title ("inception"), or a glob ("resnet*_v1.5").
    """
    del color  # the list is plain text
    chosen = chosen_format(format_, output)
    entries = REGISTRY.search(pattern)
    if not entries:
        note(f"no network matches {pattern!r}; `archcost list` shows all {len(REGISTRY)}", quiet=quiet)
        if chosen == "table":
            return
    writers = {"table": _table, "json": _json, "csv": _csv, "markdown": _markdown}
    write(writers[chosen](entries), output)


def record(entry: Entry) -> dict[str, str | int | None]:
    """Return what is known of a network as plain values."""
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


def _table(entries: Sequence[Entry]) -> str:
    """One block for each family and paper; variants are indented under the ordinary name."""
    lines: list[str] = []
    width = max((len(_shown(entry)) for entry in entries), default=0)
    names = {entry.id for entry in entries}
    for (family, paper), group in groupby(_ordered(entries), key=lambda entry: (entry.family, entry.paper)):
        lines += ["", f"{family}: {_cited(paper)}"]
        for entry in group:
            indent = "    " if entry.variant_of in names else "  "
            lines.append(f"{indent}{_shown(entry):<{width + 6 - len(indent)}}{entry.title}")
    return "\n".join(lines[1:])


def _shown(entry: Entry) -> str:
    return ", ".join((entry.id, *entry.aliases))


def _cited(paper: Paper) -> str:
    arxiv = f", arXiv:{paper.arxiv}" if paper.arxiv else ""
    return f"{paper.authors}, {paper.venue} {paper.year}{arxiv}"


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    """Keep the catalogue's order, each variant directly under its ordinary name within a family and paper."""
    place = {entry.id: i for i, entry in enumerate(entries)}
    firsts: dict[tuple[str, Paper], int] = {}
    for entry in entries:
        firsts.setdefault((entry.family, entry.paper), place[entry.id])

    def key(entry: Entry) -> tuple[int, int, bool, int]:
        ordinary = place.get(entry.variant_of or "", place[entry.id])
        return firsts[entry.family, entry.paper], ordinary, entry.variant_of is not None, place[entry.id]

    return sorted(entries, key=key)


def _json(entries: Sequence[Entry]) -> str:
    rows = ",\n".join(json.dumps(record(entry), ensure_ascii=False) for entry in entries)
    return f"[\n{rows}\n]\n"


def _csv(entries: Sequence[Entry]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(record(entry) for entry in entries)
    return text.getvalue()


def _markdown(entries: Sequence[Entry]) -> str:
    heads = ("Name", "Network", "Family", "Input", "Dataset", "Paper")
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for entry in entries:
        names = ", ".join(f"`{name}`" for name in (entry.id, *entry.aliases))
        cells = (names, entry.title, entry.family, units.shape(entry.input), entry.dataset, _cited(entry.paper))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
