"""`archcost history [NET]`: the costs of networks from commit to commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.options import follow_links
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from archcost.cli.output import Output

USUAL = "params,macs,activation_bytes"


@click.command("history", short_help="Show what networks cost from commit to commit.")
@click.argument("networks", metavar="[NET]...", nargs=-1)
@click.option("--since", metavar="REV", help="Start with the lock file at this revision.")
@click.option(
    "--build", "span", metavar="REV..REV", help="Build every commit of this range instead of reading lock files."
)
@click.option(
    "--columns",
    default=USUAL,
    show_default=True,
    metavar="A,B",
    help="Quantities to show in the table and the picture.",
)
@click.option("--config", metavar="FILE", help="File with the settings.  [default: the nearest pyproject.toml]")
@add_output("picture")
def command(
    networks: tuple[str, ...],
    since: str | None,
    span: str | None,
    columns: str,
    config: str | None,
    output: Output,
) -> None:
    """Show the costs of networks over the commits that changed archcost.lock.json, without building any network.

    NET is a network of [tool.archcost.networks]; by default, all networks that the lock file ever had.

    \b
    archcost history
    archcost history cnn --since v1.0 -o history.html -o history.svg
    archcost history cnn --build v1.0..main --format csv
    """  # noqa: D301 - click reads the \b
    from archcost.charts.costs import draw_history
    from archcost.charts.encoding import write_svg
    from archcost.cli.options import keep_process
    from archcost.metrics import metric
    from archcost.regression.history import build_history, read_history
    from archcost.regression.settings import find_settings
    from archcost.render.history import build_document

    if since is not None and span is not None:
        raise ArgumentError("--since reads lock files and --build builds commits; give one of them")
    metrics = [metric(name.strip()).name for name in columns.split(",")]
    file = find_settings(Path.cwd()) if config is None else follow_links(config)
    if span is None:
        history = read_history(file.parent, networks, since=since)
    else:
        with show_progress(None, "Building", quiet=output.quiet) as advance, keep_process():
            history = build_history(file.parent, file.name, networks, span, advance)
    output.write(build_document(history, metrics, lambda: write_svg(draw_history(history, metrics))))
