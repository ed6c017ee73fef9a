"""`archcost compare NET…`: one row for each network."""

from __future__ import annotations

import click

from archcost.cli.options import (
    chosen_format,
    network_names,
    note,
    output_options,
    stdout_kept,
    target_of,
    write,
)
from archcost.cli.progress import progress
from archcost.errors import ArchcostError, LeftOutError


@click.command("compare", short_help="Put networks side by side.")
@click.argument("networks", shell_complete=network_names, nargs=-1, metavar="[NET]...")
@click.option("--family", "families", multiple=True, metavar="NAME", help="A family of the zoo; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Every network of the zoo.")
@click.option("--input", "inputs", multiple=True, metavar="SHAPE", help="3x224x224 or 128:int64; repeatable.")
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Images in the batch.")
@click.option("--sort", default="macs", show_default=True, metavar="QUANTITY", help="Best first: params, top1, ...")
@click.option("--protocol", default="single-crop", show_default=True, metavar="NAME", help="Of the accuracies.")
@click.option("--accuracy", "own", multiple=True, metavar="FILE", help="Your own accuracies, a CSV; repeatable.")
@click.option("--times", metavar="FILE", help="Measured times: a CSV with network, batch and seconds.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: as many as help]")
@click.option("--binary", is_flag=True, help="Show bytes as KiB, MiB, GiB.")
@click.option("--strict", is_flag=True, help="Exit 1 when a network could not be profiled.")
@output_options("table", "csv", "json", "markdown", "html")
def command(
    networks: tuple[str, ...],
    families: tuple[str, ...],
    everything: bool,
    inputs: tuple[str, ...],
    batch: int,
    sort: str,
    protocol: str,
    own: tuple[str, ...],
    times: str | None,
    jobs: int | None,
    binary: bool,
    strict: bool,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Put networks side by side: costs, published accuracy, accuracy for each million parameters.

    NET may be a glob: 'resnet*', 'timm:efficientnet*'. Of each dataset, the networks that no other beats in both
    multiply-adds and top-1 accuracy are marked.

    \b
    archcost compare vgg16 resnet50 googlenet
    archcost compare --family ResNet --sort top1
    archcost compare 'densenet*' model.py:build --accuracy mine.csv --format markdown
    """  # noqa: D301 - click reads the \b
    from archcost.comparison.accuracy import read_accuracies
    from archcost.comparison.compare import check_request, compare, read_seconds
    from archcost.render.comparing import render_comparison
    from archcost.sources import parse_input
    from archcost.sources.selection import select

    chosen = chosen_format(format_, output)
    check_request(protocol, sort)
    specs = select(networks, families=families, everything=everything)
    shapes = tuple(parse_input(text) for text in inputs)
    figures = [figure for path in own for figure in read_accuracies(path)]
    seconds = read_seconds(times) if times else None
    with progress(len(specs), "Counting", quiet=quiet) as advance, stdout_kept():
        found = compare(
            specs, protocol=protocol, accuracies=figures, seconds=seconds, sort=sort, jobs=jobs, batch=batch,
            inputs=shapes or None, progress=advance,
        )  # fmt: skip
    if chosen != "table":  # the table says it itself
        for lost in found.failures:
            note(f"{lost.spec}: {lost.reason}", quiet=quiet)
    write(render_comparison(found, chosen, binary=binary, color=color, target=target_of(output)), output)
    if not found.rows:
        raise ArchcostError("no network could be profiled")
    if strict and found.failures:
        raise LeftOutError(f"--strict: {', '.join(lost.spec for lost in found.failures)} could not be profiled")
