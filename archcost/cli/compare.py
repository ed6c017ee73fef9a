"""`archcost compare NET…`: one row for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archcost.cli.groups import (
    BINARY,
    add_batch,
    add_beside,
    add_choice,
    add_group,
    add_input,
    add_selection,
    read_inputs,
)
from archcost.cli.options import keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.cli.sweeping import add_running
from archcost.errors import ArchcostError, LeftOutError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.cli.groups import Beside, Selection
    from archcost.cli.output import Output
    from archcost.cli.sweeping import Running
    from archcost.comparison.choosing import Choice


def _read_fed(*, inputs: tuple[str, ...], batch: int) -> Mapping[str, Any]:
    return {"inputs": read_inputs(inputs) or None, "batch": batch}


fed_options = add_group("fed", _read_fed, add_input(), add_batch())


@click.command("compare", short_help="Put networks side by side.")
@add_selection("Add every network of the zoo.")
@fed_options
@click.option(
    "--sort",
    default="macs",
    show_default=True,
    metavar="QUANTITY",
    help="Sort by this quantity, best first: params, top1, ...",
)
@add_beside
@add_choice()
@add_running()
@BINARY
@click.option("--strict", is_flag=True, help="Exit 1 when a network could not be profiled.")
@add_output("schema", "picture")
def command(
    selection: Selection,
    fed: Mapping[str, Any],
    sort: str,
    beside: Beside,
    choice: Choice,
    running: Running,
    binary: bool,
    strict: bool,
    output: Output,
) -> None:
    """Put networks side by side: costs, published accuracy, accuracy for each million parameters.

    NET may be a glob: 'resnet*', 'timm:efficientnet*'. Of each dataset, the networks that no other beats in both
    multiply-adds and top-1 accuracy are marked.

    \b
    archcost compare vgg16 resnet50 googlenet
    archcost compare --family ResNet --sort top1
    archcost compare 'densenet*' model.py:build --accuracy mine.csv --format markdown
    archcost compare 'timm:*' --where 'top1 > 80 and macs < 1G' --pareto macs,top1 --sort -top1 --limit 20
    archcost compare 'timm:*' --timeout 120 --journal timm.jsonl -o timm.parquet

    With --where, --pareto, --limit, --pretraining or --device-name, networks of timm and torchvision do not run:
    archcost ships their published accuracies, their throughputs and their costs. A network without a figure meets no
    condition on that figure.

    A network that hangs, crashes or takes too much memory is one failure. The same command with the same journal
    resumes after the last finished network.
    """  # noqa: D301 - click reads the \b
    from archcost.charts.drawing import draw
    from archcost.charts.encoding import write_svg
    from archcost.comparison.compare import check_request, compare
    from archcost.render.comparing import build_document, find_columns

    check_request(beside.protocol, sort)
    specs = selection.select(published=bool(choice))
    own, seconds = beside.read_accuracies(), beside.read_seconds()
    with show_progress(len(specs), "Counting", quiet=output.quiet) as advance, keep_process():
        found = compare(
            specs, protocol=beside.protocol, dataset=beside.dataset, accuracies=own, seconds=seconds, sort=sort,
            choice=choice, progress=advance, **fed, **running.options,
        )  # fmt: skip
    for lost in found.failures:
        output.warn(f"{lost.spec}: {lost.reason}")
    asked = find_columns(sort, choice.where, choice.pareto)
    draw_chart = lambda: write_svg(draw("accuracy-flops", found))  # noqa: E731 - only some formats draw it
    output.write(build_document(found, binary=binary, asked=asked, picture=draw_chart))
    if not found.rows and choice and not found.failures:
        output.note("no network meets what --where and --pareto ask for; a figure that is unknown meets no condition")
    elif not found.rows:
        raise ArchcostError("no network could be profiled")
    if strict and found.failures:
        raise LeftOutError(f"--strict: {', '.join(lost.spec for lost in found.failures)} could not be profiled")
