"""`archcost explain NET 4.1G`: which convention gives a printed figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.options import chosen_format, network_names, output_options, stdout_kept, target_of, write
from archcost.cli.progress import progress
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from archcost.records import Asked


@click.command("explain", short_help="Find which convention gives a printed figure.")
@click.argument("network", shell_complete=network_names, metavar="NET")
@click.argument("figure", metavar="[FIGURE]", required=False)
@click.option("--params", metavar="FIGURE", help="A number of parameters: 5M.")
@click.option("--memory", metavar="FIGURE", help="An amount of memory: 96MB.")
@click.option("--input", "inputs", multiple=True, metavar="SHAPE", help="3x224x224 or 128:int64; repeatable.")
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Images in the batch.")
@output_options("table", "json")
def command(
    network: str,
    figure: str | None,
    params: str | None,
    memory: str | None,
    inputs: tuple[str, ...],
    batch: int,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Search the conventions for those that give a figure that somebody printed.

    FIGURE is a number of operations: 4.1G, 15.3 billion. The ways of counting: multiply-adds or twice as many;
    convolutions alone, without the classifier; with bias additions, normalisation, activation functions, pooling;
    other input sizes; and the variants that the zoo has of a network (side classifiers, strides, shortcuts). Those that
    give the printed digits are shown before the others, the nearest first, and the simplest of them is named.

    \b
    archcost explain resnet50 4.1G
    archcost explain googlenet --params 5M
    archcost explain vgg16 --memory 96MB
    archcost explain model.py:build 3.2G --input 3x320x320
    """  # noqa: D301 - click reads the \b
    from archcost.claims import explain
    from archcost.render.explain import render
    from archcost.sources import parse_input

    given: dict[Asked, str | None] = {"operations": figure, "parameters": params, "memory": memory}
    asked = [(kind, text) for kind, text in given.items() if text is not None]
    if len(asked) != 1:
        raise ArgumentError("give one printed figure: `archcost explain NET 4.1G`, --params 5M, or --memory 96MB")
    chosen = chosen_format(format_, output)
    ((kind, text),) = asked
    with progress(None, "Counting", quiet=quiet) as advance, stdout_kept():
        found = explain(
            network, text, kind, inputs=[parse_input(each) for each in inputs], batch=batch, progress=advance
        )
    write(render(found, chosen, color=color, target=target_of(output)), output)
