"""`archcost time NET`: the time of each combination of batch size, dtype and layout."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from archcost.choices import TIMERS
from archcost.cli.groups import MAX_TIME, THREADS, add_device, add_group, add_input, add_training, read_inputs
from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.cli.sweeping import add_running
from archcost.errors import ArgumentError, ClockError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.cli.output import Output
    from archcost.cli.sweeping import Running
    from archcost.profiling.sweep import Case
    from archcost.records import Cell, Sweep, TimingPlan, Training
    from archcost.sources import InputSpec

MOST_DIGITS = 18  # the most digits of a number of images or pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The axes whose combinations are timed."""

    batches: str
    dtypes: str | None
    resolutions: str
    layouts: tuple[bool, ...]
    compilations: tuple[bool, ...]
    amps: str | None

    def combine(self, plan: TimingPlan, specs: tuple[InputSpec, ...]) -> tuple[Case, ...]:
        """Return every combination.

        Raises:
            ArgumentError: a list cannot be read.
        """
        from archcost.profiling.sweep import cases

        as_it_is = () if self.amps else (None,)
        return cases(
            plan,
            specs,
            batches=_read_numbers(self.batches, "--batch"),
            amps=_read_parts(self.amps, "--amp") if self.amps else (),
            dtypes=_read_parts(self.dtypes, "--dtype") if self.dtypes else as_it_is,
            resolutions=_read_numbers(self.resolutions, "--resolution") if self.resolutions else (),
            channels_last=tuple(dict.fromkeys(self.layouts)) or (False,),
            compiled=tuple(dict.fromkeys(self.compilations)) or (False,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """The options of timing each combination."""

    device: str
    timer: Any
    layers: bool | None
    threads: int | None
    max_time: float | None
    cudnn_benchmark: bool

    def build_plan(self) -> TimingPlan:
        """Return the plan of a measurement."""
        from archcost.records import TimingPlan

        plan = TimingPlan(
            device=self.device,
            timer=self.timer,
            threads=self.threads,
            cudnn_benchmark=self.cudnn_benchmark,
            layers=self.layers is not False,
            roof=bool(self.layers),
        )
        return plan if self.max_time is None else plan.within(self.max_time)


axes_options = add_group(
    "axes",
    Axes,
    click.option("--batch", "batches", default="1", show_default=True, metavar="1,2,4", help="Batch sizes to time."),
    click.option(
        "--dtype", "dtypes", metavar="A,B",
        help="Data types to time: float32, tf32, bfloat16, float16, float64.  [default: the network's]",
    ),
    click.option(
        "--resolution", "resolutions", default="", metavar="128,224",
        help="Image sizes to time: the length of a side in pixels.",
    ),
    click.option(
        "--channels-last/--contiguous", "layouts", multiple=True,
        help="Memory layout to time; give both flags to time both.",
    ),
    click.option(
        "--compile/--eager", "compilations", multiple=True,
        help="Time with or without torch.compile; give both flags to time both.",
    ),
    click.option(
        "--amp", "amps", metavar="bf16,fp16",
        help="Time under torch.autocast too, beside the given data types.",
    ),
)  # fmt: skip
measuring_options = add_group(
    "measuring",
    Measuring,
    add_device("auto|cpu|cuda", does="the network is timed on"),
    click.option(
        "--timer", type=click.Choice(TIMERS), default="events", show_default=True,
        help="How to time: graph replays a CUDA graph, without the host's work.",
    ),
    click.option(
        "--layers/--no-layers", default=None,
        help="Show the time of every layer; --no-layers measures the whole network alone.",
    ),
    THREADS,
    MAX_TIME,
    click.option(
        "--cudnn-benchmark", is_flag=True,
        help="Let cuDNN try its algorithms first, as torch.backends.cudnn.benchmark does.",
    ),
)  # fmt: skip


@click.command("time", short_help="Measure how long a network takes, over batches and dtypes.")
@click.argument("network", shell_complete=complete_names, metavar="NET")
@axes_options
@add_input()
@add_training("Time whole training steps: forward, loss, backward, optimizer.")
@measuring_options
@add_running(side_by_side=False)
@add_output("schema")
def command(
    network: str,
    axes: Axes,
    inputs: tuple[str, ...],
    training: Training | None,
    measuring: Measuring,
    running: Running,
    output: Output,
) -> None:
    """Measure how long a network takes: one line for each combination of the options.

    \b
    archcost time resnet18 --batch 1,2,4,8
    archcost time resnet50 --device cuda --dtype float32,tf32,bfloat16 --channels-last --contiguous
    archcost time vgg16 --layers --format csv -o vgg16.csv
    archcost time mobilenet_v2 --train --batch 32

    If a combination fails, the others still run and the exit code is 3. Running out of memory is a result, not a
    failure.
    """  # noqa: D301 - click reads the \b
    from archcost.clock.devices import device_of
    from archcost.profiling.sweep import describe_network, sweep
    from archcost.records import Sweep
    from archcost.render.sweep import build_document, yield_troubles

    plan = measuring.build_plan()
    spec, name, usual = describe_network(network, running.sweeping, training=training is not None)
    wanted = axes.combine(plan, read_inputs(inputs) or usual)
    fleets = running.list_fleets()
    if running.sweeping.engine == "local":
        device_of(plan.device)  # a missing device ends the command before the first cell
    cells = chain.from_iterable(sweep(network, wanted, training=training, sweeping=each) for each in fleets)
    nothing = Sweep(network=spec, name=name, asked=len(wanted) * len(fleets), cells=())
    found, stopped = _collect_cells(nothing, cells, output)
    done = found.cells
    for text in yield_troubles(found):
        output.warn(f"{name}, {text}")
    if done:
        output.write(build_document(found, layers=bool(measuring.layers)))
    if stopped:
        raise KeyboardInterrupt
    failed = sum(cell.outcome == "failed" for cell in done)
    if failed:
        raise ClockError(f"{failed} of {len(done)} combinations could not be timed")


def _collect_cells(found: Sweep, cells: Iterator[Cell], output: Output) -> tuple[Sweep, bool]:
    """Return the sweep with the finished cells, and whether the user stopped it."""
    from archcost.clock.telling import listening
    from archcost.page.emit import emit
    from archcost.page.target import Target
    from archcost.records import Done
    from archcost.render.sweep import build_last, spell_cell

    def show_table() -> str:
        room = max(shutil.get_terminal_size().lines - 8, 1)  # lines for the title, the heading and the prompt
        target = Target(stream=sys.stderr, color=output.color)
        return emit(build_last(found, room), target=target) if found.cells else ""

    with (
        show_progress(found.asked, f"Timing {found.name}", quiet=output.quiet, still=True) as advance,
        listening(advance.begin),
        keep_process(),
    ):
        advance.table = show_table
        try:
            for cell in cells:
                found = replace(found, cells=(*found.cells, cell))
                advance(Done(spell_cell(cell, found), failed=cell.outcome == "failed"))
        except KeyboardInterrupt:
            return found, True
    return found, False


def _read_parts(text: str, option: str) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not all(parts):
        raise ArgumentError(f"{option} {text!r}: write values with commas between them")
    return parts


def _read_numbers(text: str, option: str) -> tuple[int, ...]:
    parts = _read_parts(text, option)
    if not all(part.isdecimal() and len(part) <= MOST_DIGITS for part in parts):
        raise ArgumentError(f"{option} {text!r}: write whole numbers with commas between them, such as 1,2,4")
    return tuple(map(int, parts))
