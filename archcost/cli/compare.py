"""`archcost compare NET…`: one row for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archcost.cli.groups import BINARY, add_batch, add_beside, add_group, add_input, add_selection, read_inputs
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


def _read_choice(*, where: str | None, pareto: str | None, limit: int | None, device_name: str | None) -> Choice:
    from archcost.comparison.choosing import Choice

    return Choice(where=where, pareto=pareto, limit=limit, device=device_name)


def _read_fed(*, inputs: tuple[str, ...], batch: int) -> Mapping[str, Any]:
    return {"inputs": read_inputs(inputs) or None, "batch": batch}


fed_options = add_group("fed", _read_fed, add_input(), add_batch())
choice_options = add_group(
    "choice",
    _read_choice,
    click.option("--where", metavar="CONDITION", help="Show those that meet it: 'top1 > 80 and macs < 1G'."),
    click.option("--pareto", metavar="A,B", help="Show those that no other beats in both: macs,top1."),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show the first N."),
    click.option("--device-name", metavar="NAME", help="Show the images a second that timm publishes for it: rtx4090."),
)


@click.command("compare", short_help="Put networks side by side.")
@add_selection("Every network of the zoo.")
@fed_options
@click.option("--sort", default="macs", show_default=True, metavar="QUANTITY", help="Best first: params, top1, ...")
@add_beside
@choice_options
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

    With --where, --pareto, --limit or --device-name, networks of timm are not run: archcost brings their published
    accuracies and throughputs, and their costs. A network whose figure is unknown meets no condition on it.

    A network that hangs, crashes or takes too much memory is one failure. The same command with the same journal goes
    on where it was ended.
    """  # noqa: D301 - click reads the \b
    from archcost.charts.drawing import draw, write_svg
    from archcost.comparison.compare import check_request, compare
    from archcost.render.comparing import build_document

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
    output.write(build_document(found, binary=binary, picture=lambda: write_svg(draw("accuracy-flops", found))))
    if not found.rows and choice and not found.failures:
        output.note("no network meets what --where and --pareto ask for; a figure that is unknown meets no condition")
    elif not found.rows:
        raise ArchcostError("no network could be profiled")
    if strict and found.failures:
        raise LeftOutError(f"--strict: {', '.join(lost.spec for lost in found.failures)} could not be profiled")
