"""`archcost fit NET --memory 24GB`: the largest batch that fits."""

from __future__ import annotations

import dataclasses
import json

import click

from archcost.choices import LOSSES, OPTIMIZERS
from archcost.cli.options import chosen_format, network_names, output_options, stdout_kept, write
from archcost.cli.progress import progress
from archcost.errors import ArgumentError, DoesNotFitError


@click.command("fit", short_help="Find the largest batch that fits into a memory.")
@click.argument("network", shell_complete=network_names, metavar="NET")
@click.option("--memory", required=True, metavar="SIZE", help="24GB (10^9 bytes), 24GiB (2^30), 512MB.")
@click.option("--input", "inputs", multiple=True, metavar="SHAPE", help="3x224x224 or 128:int64; repeatable.")
@click.option("--device", default="meta", show_default=True, metavar="meta|cpu|cuda", help="Where it is walked.")
@click.option("--train", is_flag=True, help="Fit whole training steps, not inference.")
@click.option("--optimizer", type=click.Choice(OPTIMIZERS), help="What steps; torch's defaults.  [default: sgd]")
@click.option("--loss", type=click.Choice(LOSSES), help="Of the outputs.  [default: cross-entropy]")
@click.option("--amp", metavar="bf16|fp16", help="Mixed precision; on meta by CUDA's lists, or as in cpu:bf16.")
@click.option("--binary", is_flag=True, help="Show bytes as KiB, MiB, GiB.")
@output_options("table", "json", "csv")
def command(
    network: str,
    memory: str,
    inputs: tuple[str, ...],
    device: str,
    train: bool,
    optimizer: str | None,
    loss: str | None,
    amp: str | None,
    binary: bool,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Find the largest batch that fits into a memory, and show memory against batch.

    \b
    archcost fit resnet50 --memory 24GB
    archcost fit vgg16 --memory 12GB --train --optimizer adam --format csv

    Exit code 1 when not even the smallest batch fits.
    """  # noqa: D301 - click reads the \b
    del color  # its result has one colour
    from archcost.profiling.fit import fit
    from archcost.render.fitting import csv_text, reason, table
    from archcost.sources import parse_input

    chosen = chosen_format(format_, output)
    if not train and (optimizer or loss):
        raise ArgumentError("--optimizer and --loss belong to --train")
    with progress(None, f"Fitting {network}", quiet=quiet), stdout_kept():
        found = fit(
            network, memory, inputs=[parse_input(text) for text in inputs], device=device,
            train=(optimizer or "sgd") if train else None, loss=loss or "cross-entropy", amp=amp,
        )  # fmt: skip
    if chosen == "json":
        text = json.dumps(dataclasses.asdict(found), sort_keys=True, indent=1) + "\n"
    else:
        text = csv_text(found) if chosen == "csv" else table(found, binary=binary)
    write(text, output)
    if found.batch is None:
        raise DoesNotFitError(reason(found, binary=binary))
