"""`archcost profile NET`: the table and the totals."""

from __future__ import annotations

import click

from archcost.cli.options import chosen_format, network_options, note, output_options, stdout_kept, target_of, write
from archcost.errors import UncoveredError


@click.command("profile", short_help="Count what a network costs, layer by layer.")
@network_options
@click.option("--train", is_flag=True, help="Walk in training mode, backward pass included.")
@click.option(
    "--view", type=click.Choice(["layers", "modules", "ops", "lecture"]), default="layers", show_default=True,
    help="What a row of the table is.",
)  # fmt: skip
@click.option("--depth", type=click.IntRange(min=1), help="Levels of modules that --view modules shows.")
@click.option("--sort", metavar="QUANTITY", help="Largest first by a quantity, such as macs.")
@click.option("--columns", metavar="A,B,C", help="Quantities to show, such as params,macs,depth.")
@click.option("--binary", is_flag=True, help="Show bytes as KiB, MiB, GiB.")
@click.option("--strict", is_flag=True, help="Exit 1 when an operator has no rule.")
@output_options("table", "json", "csv", "markdown")
def command(
    network: str,
    inputs: tuple[str, ...],
    batch: int,
    device: str,
    train: bool,
    view: str,
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
    archcost profile model.py:build --input 3x320x320 --format json -o cost.json
    """  # noqa: D301 - click reads the \b
    from archcost.api import profile
    from archcost.render import check_options, render
    from archcost.sources import parse_input

    chosen = chosen_format(format_, output)
    shown = None if columns is None else tuple(name.strip() for name in columns.split(","))
    check_options(view, chosen, depth=depth, sort=sort, columns=shown)
    specs = tuple(parse_input(text) for text in inputs)
    with stdout_kept():
        report = profile(network, specs or None, device=device, train="sgd" if train else None, batch=batch)
    if chosen != "table":  # the table says it itself
        for warning in report.warnings:
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
