"""`archcost verify NET`: other counters' figures beside archcost's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_subject
from archcost.cli.options import keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress

if TYPE_CHECKING:
    from archcost.cli.groups import Subject
    from archcost.cli.output import Output
    from archcost.records import Opinions
    from archcost.sources import Network


@click.command("verify", short_help="Put other counters' figures beside archcost's.")
@add_subject
@add_output()
def command(subject: Subject, output: Output) -> None:
    """Count multiply-adds with archcost, fvcore and torch's FlopCounterMode, and explain every difference.

    \b
    archcost verify resnet18
    archcost verify timm:vit_tiny_patch16_224 --device cpu
    archcost verify model.py:build --input 3x320x320 --format json -o opinions.json

    With a real --device, the walk there is compared with a walk on meta, row by row.

    A difference is information, so the exit code is still 0.
    """  # noqa: D301 - click reads the \b
    from archcost import sources
    from archcost.profiling.choice import run_settled
    from archcost.profiling.feed import describe_feed
    from archcost.render.opinions import build_document
    from archcost.verify import collect_opinions

    specs = subject.read_inputs()
    with show_progress(None, f"Counting {subject.network}", quiet=output.quiet, noted=True), keep_process():
        resolved = sources.resolve(subject.network)

        def collect(network: Network) -> Opinions:
            return collect_opinions(network, describe_feed(network, specs, subject.batch), device=subject.device)

        opinions = collect(resolved) if specs else run_settled(resolved, collect)
    for text in opinions.notes:
        output.note(f"note: {opinions.network.name}: {text}")
    output.write(build_document(opinions))
