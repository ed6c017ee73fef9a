"""`archcost list`: the networks of the zoo, without importing torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.output import add_output
from archcost.errors import quote
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from archcost.cli.output import Output


@click.command("list", short_help="List the networks of the zoo.")
@click.argument("pattern", required=False)
@add_output()
def command(pattern: str | None, output: Output) -> None:
    """List the networks of the zoo by family, with paper and year.

    PATTERN is a part of a name, family or title ("inception"), or a glob ("resnet*_v1.5").
    """
    from archcost.render.catalogue import build_document

    entries = REGISTRY.search(pattern)
    if not entries:
        output.note(f"no network matches {quote(pattern)}; `archcost list` shows all {len(REGISTRY)}")
    output.write(build_document(entries))
