"""`archcost list`: the networks of the zoo, without importing torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.output import add_output
from archcost.errors import quote
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.page.document import Document


def _list_sources(pattern: str | None) -> Document:
    """Return the sources whose name or description contains a text; without a text, all sources."""
    from archcost.render.listing import build_document
    from archcost.sources.table import list_others, list_sources

    records = [
        {
            "typed": each.form,
            "means": each.about,
            "example": each.example,
            "needs": each.install and f"pip install {each.install}",
        }
        for each in (*list_sources(), *list_others())
    ]
    found = [each for each in records if not pattern or pattern.lower() in " ".join(each.values()).lower()]
    return build_document(f"{len(found)} sources of networks", found, ("typed", "means", "example", "needs"))


@click.command("list", short_help="List the networks of the zoo.")
@click.argument("pattern", required=False)
@click.option("--sources", "sourced", is_flag=True, help="List the sources of networks, and how to type each.")
@add_output()
def command(pattern: str | None, sourced: bool, output: Output) -> None:
    """List the networks of the zoo by family, with paper and year.

    PATTERN is a part of a name, family or title ("inception"), or a glob ("resnet*_v1.5").
    """
    if sourced:
        output.write(_list_sources(pattern))
        return
    from archcost.render.catalogue import build_document

    entries = REGISTRY.search(pattern)
    if not entries:
        output.note(f"no network matches {quote(pattern)}; `archcost list` shows all {len(REGISTRY)}")
    output.write(build_document(entries))
