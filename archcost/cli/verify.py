"""`archcost verify NET`: other counters' figures beside archcost's."""

from __future__ import annotations

import click

from archcost.cli.options import chosen_format, network_options, note, output_options, stdout_kept, target_of, write
from archcost.cli.progress import progress


@click.command("verify", short_help="Put other counters' figures beside archcost's.")
@network_options
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
    from archcost.profiling.feed import Feed
    from archcost.render.opinions import render
    from archcost.verify import second_opinions

    chosen = chosen_format(format_, output)
    specs = tuple(sources.parse_input(text) for text in inputs)
    with progress(None, f"Counting {network}", quiet=quiet), stdout_kept():
        resolved = sources.resolve(network)
        opinions = second_opinions(resolved, Feed(specs=specs or resolved.inputs, batch=batch), device=device)
    for text in opinions.notes:
        note(f"note: {opinions.network.name}: {text}", quiet=quiet)
    write(render(opinions, chosen, color=color, target=target_of(output)), output)
