"""`archcost alternatives NET`: published networks that are as accurate and cost no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_input, read_inputs
from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output

if TYPE_CHECKING:
    from archcost.cli.output import Output


@click.command("alternatives", short_help="Find networks that are as accurate and cost no more.")
@click.argument("network", shell_complete=complete_names, metavar="NET")
@click.option(
    "--at-most",
    default="macs",
    show_default=True,
    metavar="A,B",
    help="Quantities that may not rise: macs,params,memory,time:rtx4090.",
)
@click.option("--top1", type=click.FloatRange(0, 100), help="Top-1 accuracy of a network of your own, in percent.")
@click.option(
    "--pretraining", default="any", show_default=True, metavar="NAME",
    help="Show only networks with this pretraining: in1k (ImageNet-1k alone), in22k, ...",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Show the nearest networks, this many."
)
@add_input()
@add_output()
def command(
    network: str,
    at_most: str,
    top1: float | None,
    pretraining: str,
    limit: int,
    inputs: tuple[str, ...],
    output: Output,
) -> None:
    """Find the published networks that are at least as accurate as NET and cost no more in what --at-most names.

    \b
    archcost alternatives resnet50
    archcost alternatives timm:resnet50.a1_in1k --at-most macs,params,time:rtx4090 --pretraining in1k
    archcost alternatives model.py:build --input 3x224x224 --top1 76.1

    The nearest comes first. archcost ships the accuracies, throughputs and costs of timm's networks, and runs only NET.
    """  # noqa: D301 - click reads the \b
    from archcost.comparison.alternatives import build_candidate, find_alternatives, parse_limits
    from archcost.comparison.published import describe_published
    from archcost.render.alternatives import build_document

    limits = parse_limits(at_most)
    with keep_process():
        candidate = build_candidate(network, limits, top1=top1, inputs=read_inputs(inputs) or None)
    found = find_alternatives(candidate, pretraining=pretraining, limit=limit)
    devices = (name.removeprefix("time:") for name in limits if name.startswith("time:"))
    notes = dict.fromkeys(note for device in ("", *devices) for note in describe_published(device))
    output.write(build_document(found, tuple(notes)))
    if not found.rows:
        output.note("no published network is as accurate and costs no more; allow more with --at-most or --pretraining")
