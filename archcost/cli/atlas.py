"""`archcost atlas`: one page on which all published networks are points."""

from __future__ import annotations

import click

from archcost.cli.options import note, write
from archcost.cli.picture import check_page


@click.command("atlas", short_help="Write a page to explore all published networks.")
@click.option("-o", "--output", required=True, metavar="FILE", help="Write the page to this file: atlas.html.")
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
def command(output: str, quiet: bool) -> None:
    """Write a page for a browser on which each network that timm or torchvision publishes is a point.

    \b
    archcost atlas -o atlas.html

    The reader chooses both axes, area and colour, filters by family, pretraining, years and size, searches, and keeps
    networks as a CSV or a link. The page loads nothing.
    """  # noqa: D301 - click reads the \b
    check_page(output)
    from archcost.charts.atlas.page import write_atlas

    write(write_atlas(), output)
    note(f"wrote {output}", quiet=quiet)
