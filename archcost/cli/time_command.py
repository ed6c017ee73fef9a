"""`archcost time NET`: how long it takes, for every combination of batch, dtype, layout."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from archcost.choices import LOSSES, OPTIMIZERS, TIMERS
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
from archcost.errors import ArgumentError, ClockError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Cell, Sweep

SECOND = 10**9


@click.command("time", short_help="Measure how long a network takes, over batches and dtypes.")
@click.argument("network", shell_complete=network_names, metavar="NET")
@click.option("--batch", "batches", default="1", show_default=True, metavar="1,2,4", help="Images in a batch.")
@click.option("--dtype", "dtypes", metavar="A,B", help="float32, tf32, bfloat16, float16, float64.  [default: float32]")
@click.option("--resolution", "resolutions", default="", metavar="128,224", help="Sides of the images.")
@click.option("--channels-last/--contiguous", "layouts", multiple=True, help="Layout of images; give both for both.")
@click.option("--compile/--eager", "compilations", multiple=True, help="With torch.compile; give both for both.")
@click.option("--amp", "amps", metavar="bf16,fp16", help="By torch.autocast, beside the dtypes that are given.")
@click.option("--input", "inputs", multiple=True, metavar="SHAPE", help="3x224x224 or 128:int64; repeatable.")
@click.option("--device", default="auto", show_default=True, metavar="auto|cpu|cuda", help="Where it is timed.")
@click.option("--train", is_flag=True, help="Time whole training steps: forward, loss, backward, optimizer.")
@click.option("--optimizer", type=click.Choice(OPTIMIZERS), help="What steps; torch's defaults.  [default: sgd]")
@click.option("--loss", type=click.Choice(LOSSES), help="Of the outputs.  [default: cross-entropy]")
@click.option(
    "--timer",
    type=click.Choice(TIMERS),
    default="events",
    show_default=True,
    help="graph: replay a CUDA graph, without the host.",
)
@click.option("--layers/--no-layers", default=None, help="Show every layer's time; or measure none.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads on the CPU.  [default: torch's]")
@click.option(
    "--max-time",
    type=click.FloatRange(min=0, min_open=True),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop each measurement after that long.",
)
@click.option("--cudnn-benchmark", is_flag=True, help="Let cuDNN try its algorithms first.")
@output_options("table", "json", "csv", "markdown", "html")
def command(
    network: str,
    batches: str,
    dtypes: str | None,
    resolutions: str,
    layouts: tuple[bool, ...],
    compilations: tuple[bool, ...],
    amps: str | None,
    inputs: tuple[str, ...],
    device: str,
    train: bool,
    optimizer: str | None,
    loss: str | None,
    timer: Any,
    layers: bool | None,
    threads: int | None,
    max_time: float,
    cudnn_benchmark: bool,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Measure how long a network takes: one line for every combination of what is given.

    \b
    archcost time resnet18 --batch 1,2,4,8
    archcost time resnet50 --device cuda --dtype float32,tf32,bfloat16 --channels-last --contiguous
    archcost time vgg16 --layers --format csv -o vgg16.csv
    archcost time mobilenet_v2 --train --batch 32

    A combination that fails stops no other; the exit code is then 3. Running out of memory is a result, not a failure.
    """  # noqa: D301 - click reads the \b
    from archcost import sources
    from archcost.clock.devices import device_of
    from archcost.profiling.sweep import cases, sweep
    from archcost.records import Sweep, TimingPlan, Training
    from archcost.render.sweep import render, troubles

    chosen = chosen_format(format_, output)
    if not train and (optimizer or loss):
        raise ArgumentError("--optimizer and --loss belong to --train")
    plan = TimingPlan(
        device=device, timer=timer, threads=threads, cudnn_benchmark=cudnn_benchmark,
        layers=layers is not False, roof=bool(layers), max_ns=int(max_time * SECOND),
        max_warmup_ns=int(min(max_time, 3.0) * SECOND),
    )  # fmt: skip
    resolved = sources.resolve(network)
    specs = tuple(sources.parse_input(text) for text in inputs) or resolved.inputs
    wanted = cases(
        plan, specs, batches=_numbers(batches, "--batch"), amps=_parts(amps, "--amp") if amps else (),
        dtypes=_parts("float32" if dtypes is None else dtypes, "--dtype") if dtypes or not amps else (),
        resolutions=_numbers(resolutions, "--resolution") if resolutions else (),
        channels_last=tuple(dict.fromkeys(layouts)) or (False,),
        compiled=tuple(dict.fromkeys(compilations)) or (False,),
    )  # fmt: skip
    device_of(device)  # a device that is not here ends the command before the first cell
    training = Training(optimizer=optimizer or "sgd", loss=loss or "cross-entropy") if train else None
    nothing = Sweep(network=resolved.spec, name=resolved.name, asked=len(wanted), cells=())
    found, stopped = _collected(nothing, sweep(resolved, wanted, training=training), color=color, quiet=quiet)
    done = found.cells
    if chosen != "table":  # the table says it itself
        for text in troubles(found):
            note(f"{resolved.name}, {text}", quiet=quiet)
    if done:
        write(render(found, chosen, layers=bool(layers), color=color, target=target_of(output)), output)
    if stopped:
        raise KeyboardInterrupt
    failed = sum(cell.outcome == "failed" for cell in done)
    if failed:
        raise ClockError(f"{failed} of {len(done)} combinations could not be timed")


def _collected(found: Sweep, cells: Iterator[Cell], *, color: str, quiet: bool) -> tuple[Sweep, bool]:
    """Return the sweep with the cells that were timed until the end or until the user stopped, and whether they did."""
    from archcost.records import Done
    from archcost.render.sweep import label, render_last

    with progress(found.asked, f"Timing {found.name}", quiet=quiet, still=True) as advance, stdout_kept():
        advance.table = lambda: render_last(found, _room(), color=color, target=sys.stderr)
        try:
            for cell in cells:
                found = replace(found, cells=(*found.cells, cell))
                advance(Done(label(cell, found), failed=cell.outcome == "failed"))
        except KeyboardInterrupt:
            return found, True
    return found, False


def _room() -> int:
    """Return how many cells a terminal has lines for, below the title and the heading and above the prompt."""
    return max(shutil.get_terminal_size().lines - 8, 1)


def _parts(text: str, option: str) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not all(parts):
        raise ArgumentError(f"{option} {text!r}: write values with commas between them")
    return parts


def _numbers(text: str, option: str) -> tuple[int, ...]:
    parts = _parts(text, option)
    if not all(part.isdecimal() for part in parts):
        raise ArgumentError(f"{option} {text!r}: write whole numbers with commas between them, such as 1,2,4")
    return tuple(map(int, parts))
