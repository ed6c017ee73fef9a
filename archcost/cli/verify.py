"""`archcost verify NET`: other counters' figures beside archcost's."""

from __future__ import annotations

import os
import shutil
import sys

import click

from archcost.cli.options import chosen_format, note, output_options, write


@click.command("verify", short_help="Put other counters' figures beside archcost's.")
@click.argument("network", metavar="NET")
@click.option(
    "--input", "inputs", multiple=True, metavar="SHAPE", help="3x224x224, 128:int64 or name=128:bool; repeatable."
)
@click.option("--batch", type=click.IntRange(min=0), default=1, show_default=True, help="Images in the batch.")
@click.option("--device", default="auto", show_default=True, metavar="auto|meta|cpu|cuda", help="Where it is run.")
@output_options("table", "json", "csv", "markdown")
def command(
    network: str,
    inputs: tuple[str, ...],
    batch: int,
    device: str,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Count multiply-adds with archcost, fvcore and torch's FlopCounterMode, and explain every difference.

    \b
    archcost verify resnet18
    archcost verify timm:vit_tiny_patch16_224 --device cpu
    archcost verify model.py:build --input 3x320x320 --format json -o opinions.json

    A difference is information: the exit code is 0 all the same.
    """  # noqa: D301 - click reads the \b
    from archcost import sources
    from archcost.feed import Feed
    from archcost.verify import second_opinions
    from archcost.verify.text import render

    chosen = chosen_format(format_, output)
    specs = tuple(sources.parse_input(text) for text in inputs)
    resolved = sources.resolve(network)
    opinions = second_opinions(resolved, Feed(specs=specs or resolved.inputs, batch=batch), device=device)
    for text in opinions.notes:
        note(f"note: {opinions.network.name}: {text}", quiet=quiet)
    on_terminal = output in {None, "-"} and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if on_terminal else None
    colored = color == "always" or (color == "auto" and on_terminal and not os.environ.get("NO_COLOR"))
    write(render(opinions, chosen, width=width, color=colored), output)
