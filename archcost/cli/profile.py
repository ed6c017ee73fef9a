"""`archcost profile NET`: the table and the totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import AMP, BINARY, LIKE, MAX_TIME, add_group, add_subject, add_training, spell_training
from archcost.cli.options import keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.cli.sweeping import add_isolation
from archcost.errors import ArgumentError, UncoveredError, WalkError

if TYPE_CHECKING:
    from archcost.cli.groups import Subject
    from archcost.cli.output import Output
    from archcost.page.document import Document
    from archcost.records import Sweeping, TimingPlan, Training
    from archcost.render.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The shown view, whether it needs times, and whether to show only the inputs."""

    view: str | None
    timed: bool
    max_time: float | None
    depth: int | None
    sort: str | None
    columns: str | None
    binary: bool
    explaining: bool
    beside: str | None

    def build_plan(self) -> TimingPlan | bool:
        """Return the plan of the timing; False without timing.

        Raises:
            ArgumentError: --max-time without --time.
        """
        from archcost.records import TimingPlan

        if self.max_time is not None and not self.timed:
            raise ArgumentError("--max-time limits what --time measures: give --time as well")
        return self.timed and (TimingPlan() if self.max_time is None else TimingPlan().within(self.max_time))

    def read_view(self) -> View:
        """Return the view.

        Raises:
            ArgumentError: the view does not take an option.
        """
        from archcost.render.view import View

        if self.view == "time" and not self.timed:
            raise ArgumentError("--view time shows what --time measures: give --time as well")
        return View(
            name=self.view or ("time" if self.timed else "layers"),
            depth=self.depth,
            sort=self.sort,
            columns=None if self.columns is None else tuple(name.strip() for name in self.columns.split(",")),
            binary=self.binary,
            flops=self.beside == "flops",
        )


view_options = add_group(
    "shown",
    Shown,
    click.option(
        "--view", type=click.Choice(["layers", "modules", "ops", "lecture", "memory", "saved", "time"]),
        help="What each row of the table shows.  [default: layers; time with --time]",
    ),
    click.option("--time", "timed", is_flag=True, help="Time the network too, end to end and layer by layer."),
    MAX_TIME,
    click.option("--depth", type=click.IntRange(min=1), help="Number of module levels that --view modules shows."),
    click.option("--sort", metavar="QUANTITY", help="Sort the rows by a quantity, such as macs, largest first."),
    click.option("--columns", metavar="A,B,C", help="Quantities to show, such as params,macs,depth."),
    click.option(
        "--with", "beside", type=click.Choice(["flops"]),
        help="Products that --view lecture shows beside its own.",
    ),
    BINARY,
    click.option(
        "--explain-inputs", "explaining", is_flag=True,
        help="Show which inputs the network would get, and why; run nothing.",
    ),
)  # fmt: skip


def _is_file_of_weights(subject: Subject) -> bool:
    from archcost.sources import parse_spec

    return parse_spec(subject.network).kind == "weights"


def _show_weights(subject: Subject, shown: Shown) -> Document:
    """Return the document of a file of weights, from its header."""
    from archcost.render.weights import build_document
    from archcost.sources.headers import read_header

    return build_document(subject.network, read_header(subject.network), depth=shown.depth, binary=shown.binary)


def _explain_inputs(subject: Subject, training: Training | None) -> Document:
    """Return the inputs that a network would get, and the reason for each."""
    from archcost import sources
    from archcost.profiling.choice import settle
    from archcost.render.listing import build_document
    from archcost.sources.inputs import GRAMMAR

    specs = subject.read_inputs()
    with keep_process():
        network = sources.resolve(subject.network)
        network = network if specs else settle(network, training=training is not None)
    why = "--input" if specs else network.why
    records = [{"input": str(spec), "chosen": why} for spec in specs or network.inputs]
    note = f"The batch is {subject.batch}. To change an input write --input {GRAMMAR}."
    return build_document(f"What {network.spec} is run on", records, ("input", "chosen"), note)


@click.command("profile", short_help="Count what a network costs, layer by layer.")
@add_subject
@add_training("Walk a whole training step: forward, loss, backward, optimizer.", parts=True)
@AMP
@LIKE
@view_options
@click.option("--strict", is_flag=True, help="Exit 1 when an operator has no rule.")
@click.option(
    "--partial", is_flag=True, help="If the network fails, show the rows that ran before; the exit code is still 3."
)
@add_isolation()
@add_output()
def command(
    subject: Subject,
    training: Training | None,
    amp: str | None,
    like: str | None,
    shown: Shown,
    strict: bool,
    partial: bool,
    sweeping: Sweeping,
    output: Output,
) -> None:
    """Count what a network costs: shapes, parameters, memory, multiply-adds, receptive field.

    \b
    archcost profile vgg16
    archcost profile resnet34?shortcut=A --batch 8
    archcost profile vgg16 --train --optimizer adam --train-only classifier.6
    archcost profile vgg16 --time --device cpu
    archcost profile model.py:build --input 3x320x320 --format json -o cost.json
    archcost profile hf:llama --seq 2048
    archcost profile model.py:build --isolate --timeout 60 --max-memory 8GB
    """  # noqa: D301 - click reads the \b
    from archcost.clock.telling import listening
    from archcost.profiling.run import profile_alone
    from archcost.records.report import PARTIAL
    from archcost.render.report import build_document

    if _is_file_of_weights(subject):
        output.write(_show_weights(subject, shown))
        return
    if shown.explaining:
        output.write(_explain_inputs(subject, training))
        return
    view = shown.read_view()
    view.check_formats(output.formats)
    specs = subject.read_inputs() or None
    plan = shown.build_plan()
    what = f"{'Timing' if plan else 'Counting'} {subject.network}"
    with (
        show_progress(None, what, quiet=output.quiet, still=bool(plan), noted=True) as advance,
        listening(advance.begin),
        keep_process(),
    ):
        report = profile_alone(
            subject.network, sweeping, inputs=specs, device=subject.device, batch=subject.batch, amp=amp, like=like,
            timeline=view.name == "memory", saved=view.name == "saved", time=plan, partial=partial,
            **spell_training(training),
        )  # fmt: skip
    unmet = () if report.measured is None else (f"unmet: {text}" for text in report.measured.unmet)
    for warning in (*report.warnings, *unmet):
        output.warn(f"note: {report.network.name}: {warning}")
    output.write(build_document(report, view))
    if report.partial:
        raise WalkError(next(warning for warning in report.warnings if warning.startswith(PARTIAL)))
    if strict and report.uncovered:
        names = ", ".join(f"{name} ({count}x)" for name, count in report.uncovered.items())
        raise UncoveredError(f"--strict: no rule for {names}; declare one with archcost.rule(...)")
