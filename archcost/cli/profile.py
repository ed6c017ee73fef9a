"""`archcost profile NET`: the table and the totals."""

from __future__ import annotations

import click

from archcost.choices import LOSSES, OPTIMIZERS
from archcost.cli.options import chosen_format, network_options, note, output_options, stdout_kept, target_of, write
from archcost.cli.progress import progress
from archcost.errors import ArgumentError, UncoveredError


@click.command("profile", short_help="Count what a network costs, layer by layer.")
@network_options
@click.option("--train", is_flag=True, help="Walk a whole training step: forward, loss, backward, optimizer.")
@click.option("--optimizer", type=click.Choice(OPTIMIZERS), help="What steps; torch's defaults.  [default: sgd]")
@click.option("--loss", type=click.Choice(LOSSES), help="Of the outputs.  [default: cross-entropy]")
@click.option("--freeze", multiple=True, metavar="PATTERN", help="Do not train 'features.*'; repeatable.")
@click.option("--train-only", multiple=True, metavar="PATTERN", help="Train nothing but 'classifier.6'; repeatable.")
@click.option("--amp", metavar="bf16|fp16", help="Mixed precision; on meta by CUDA's lists, or as in cpu:bf16.")
@click.option(
    "--view", type=click.Choice(["layers", "modules", "ops", "lecture", "memory", "time"]),
    help="What a row of the table is.  [default: layers; time with --time]",
)  # fmt: skip
@click.option("--time", "timed", is_flag=True, help="Measure it too, end to end and layer by layer.")
@click.option("--depth", type=click.IntRange(min=1), help="Levels of modules that --view modules shows.")
@click.option("--sort", metavar="QUANTITY", help="Largest first by a quantity, such as macs.")
@click.option("--columns", metavar="A,B,C", help="Quantities to show, such as params,macs,depth.")
@click.option("--binary", is_flag=True, help="Show bytes as KiB, MiB, GiB.")
@click.option("--strict", is_flag=True, help="Exit 1 when an operator has no rule.")
@output_options("table", "json", "csv", "markdown", "html")
def command(
    network: str,
    inputs: tuple[str, ...],
    batch: int,
    device: str,
    train: bool,
    optimizer: str | None,
    loss: str | None,
    freeze: tuple[str, ...],
    train_only: tuple[str, ...],
    amp: str | None,
    view: str | None,
    timed: bool,
    depth: int | None,
    sort: str | None,
    columns: str | None,
    binary: bool,
    strict: bool,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Count what a network costs: shapes, parameters, memory, multiply-adds, receptive field.

    \b
    archcost profile vgg16
    archcost profile resnet34?shortcut=A --batch 8
    archcost profile vgg16 --train --optimizer adam --train-only classifier.6
    archcost profile vgg16 --time --device cpu
    archcost profile model.py:build --input 3x320x320 --format json -o cost.json
    """  # noqa: D301 - click reads the \b
    from archcost.profiling.profile import profile
    from archcost.render import check_options, render
    from archcost.sources import parse_input

    chosen = chosen_format(format_, output)
    shown = None if columns is None else tuple(name.strip() for name in columns.split(","))
    view = view or ("time" if timed else "layers")
    check_options(view, chosen, depth=depth, sort=sort, columns=shown)
    if view == "time" and not timed:
        raise ArgumentError("--view time shows what --time measures: give --time as well")
    if not train and (optimizer or loss or freeze or train_only):
        raise ArgumentError("--optimizer, --loss, --freeze and --train-only belong to --train")
    specs = tuple(parse_input(text) for text in inputs)
    what = f"{'Timing' if timed else 'Counting'} {network}"
    with progress(None, what, quiet=quiet, still=timed), stdout_kept():
        report = profile(
            network, specs or None, device=device, train=(optimizer or "sgd") if train else None,
            loss=loss or "cross-entropy", freeze=freeze, train_only=train_only, batch=batch, amp=amp,
            timeline=view == "memory", time=timed,
        )  # fmt: skip
    if chosen != "table":  # the table says it itself
        unmet = () if report.measured is None else (f"unmet: {text}" for text in report.measured.unmet)
        for warning in (*report.warnings, *unmet):
            note(f"note: {report.network.name}: {warning}", quiet=quiet)
    write(
        render(
            report, chosen, view=view, depth=depth, sort=sort, columns=shown, binary=binary,
            color=color, target=target_of(output),
        ),
        output,
    )  # fmt: skip
    if strict and report.uncovered:
        names = ", ".join(f"{name} ({count}x)" for name, count in report.uncovered.items())
        raise UncoveredError(f"--strict: no rule for {names}; declare one with archcost.rule(...)")
