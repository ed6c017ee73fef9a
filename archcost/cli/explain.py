"""`archcost explain NET 4.1G`: the conventions that give a printed figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_batch, add_input, read_inputs
from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.records import Asked


@click.command("explain", short_help="Find which convention gives a printed figure.")
@click.argument("network", shell_complete=complete_names, metavar="NET")
@click.argument("figure", metavar="[FIGURE]", required=False)
@click.option("--params", metavar="FIGURE", help="Explain a number of parameters: 5M.")
@click.option("--memory", metavar="FIGURE", help="Explain an amount of memory: 96MB.")
@add_input()
@add_batch()
@add_output()
def command(
    network: str,
    figure: str | None,
    params: str | None,
    memory: str | None,
    inputs: tuple[str, ...],
    batch: int,
    output: Output,
) -> None:
    """Find the counting conventions that give a printed figure.

    FIGURE is a number of operations: 4.1G, 15.3 billion. The ways of counting are: multiply-adds or twice as many;
    convolutions alone, without the classifier; with bias additions, normalisation, activation functions, pooling; other
    input sizes; and the zoo's variants of a network (side classifiers, strides, shortcuts). Ways that give the printed
    digits come first, the nearest at the top; the simplest is named.

    \b
    archcost explain resnet50 4.1G
    archcost explain googlenet --params 5M
    archcost explain vgg16 --memory 96MB
    archcost explain model.py:build 3.2G --input 3x320x320
    """  # noqa: D301 - click reads the \b
    from archcost.claims import explain
    from archcost.render.explain import build_document

    given: dict[Asked, str | None] = {"operations": figure, "parameters": params, "memory": memory}
    asked = [(kind, text) for kind, text in given.items() if text is not None]
    if len(asked) != 1:
        raise ArgumentError("give one printed figure: `archcost explain NET 4.1G`, --params 5M, or --memory 96MB")
    ((kind, text),) = asked
    with show_progress(None, "Counting", quiet=output.quiet) as advance, keep_process():
        found = explain(network, text, kind, inputs=read_inputs(inputs), batch=batch, progress=advance)
    output.write(build_document(found))
