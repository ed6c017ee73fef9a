"""`archcost fit NET --memory 24GB`: the largest batch that fits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from archcost.cli.groups import AMP, BINARY, LIKE, add_group, add_subject, add_training, spell_training
from archcost.cli.options import keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.errors import DoesNotFitError

if TYPE_CHECKING:
    from archcost.cli.groups import Subject
    from archcost.cli.output import Output
    from archcost.records import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The memory or the named device that a batch has to fit into, and the way to make one batch fit."""

    memory: str | None
    device_name: str | None
    expandable: bool
    batch: int | None
    checkpoint: str | None


def _add_room(command: Any) -> Any:
    """Add --memory, --device-name, --expandable-segments, --batch and --checkpoint; the command gets them as `room`."""
    return add_group(
        "room",
        Room,
        click.option(
            "--memory", metavar="SIZE", help="Memory to fit into: 24GB (10^9 bytes), 24GiB (2^30 bytes), 512MB."
        ),
        click.option(
            "--device-name",
            metavar="NAME",
            help="Device to fit into, by name (h200): sets the memory, less what the device keeps.",
        ),
        click.option(
            "--expandable-segments",
            "expandable",
            is_flag=True,
            help="Assume that PyTorch's allocator runs with expandable_segments:True.",
        ),
        click.option("--batch", type=click.IntRange(min=1), help="Judge only this batch size."),
        click.option(
            "--checkpoint", type=click.Choice(["auto"]), help="Choose modules to checkpoint, so that --batch fits."
        ),
    )(command)


@click.command("fit", short_help="Find the largest batch that fits into a memory.")
@_add_room
@partial(add_subject, batched=False, devices="meta|cpu|cuda", default="meta", does="the network is walked on")
@add_training("Fit whole training steps, not inference.")
@AMP
@LIKE
@BINARY
@add_output()
def command(
    subject: Subject,
    room: Room,
    training: Training | None,
    amp: str | None,
    like: str | None,
    binary: bool,
    output: Output,
) -> None:
    """Find the largest batch that fits into a memory, and show memory against batch.

    \b
    archcost fit resnet50 --memory 24GB
    archcost fit vgg16 --memory 12GB --train --optimizer adam --format csv
    archcost fit resnet152 --device-name rtx4090 --train --optimizer adamw
    archcost fit resnet152 --device-name rtx4090 --train --batch 256 --checkpoint auto

    Exit code 1 when not even the smallest batch fits.
    """  # noqa: D301 - click reads the \b
    from archcost.profiling.fit import fit
    from archcost.render.fitting import build_document, say_answer

    with show_progress(None, f"Fitting {subject.network}", quiet=output.quiet), keep_process():
        found = fit(
            subject.network, **asdict(room), inputs=subject.read_inputs(), device=subject.device, amp=amp, like=like,
            **spell_training(training),
        )  # fmt: skip
    output.write(build_document(found, binary=binary))
    if found.batch is None:
        raise DoesNotFitError(say_answer(found, binary=binary))
