"""`archcost plot KIND NET…`: the charts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.choices import OPTIMIZERS
from archcost.cli.options import check_writable, network_names, note, stdout_kept, write
from archcost.cli.progress import progress
from archcost.errors import ArchcostError, ArgumentError, LeftOutError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Missing

FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


@click.command("plot", short_help="Draw a chart.")
@click.argument("kind", metavar="KIND")
@click.argument("networks", shell_complete=network_names, nargs=-1, metavar="[NET]...")
@click.option("--family", "families", multiple=True, metavar="NAME", help="A family of the zoo; repeatable.")
@click.option("--all", "everything", is_flag=True, help="The whole zoo, without variants.")
@click.option("--preset", metavar="NAME", help="A known chart: canziani-2016, or a worked example such as inception.")
@click.option("--protocol", default="single-crop", show_default=True, metavar="NAME", help="Of the accuracies.")
@click.option("--accuracy", "own", multiple=True, metavar="FILE", help="Your own accuracies, a CSV; repeatable.")
@click.option("--times", metavar="FILE", help="Measured times: a CSV with network, batch and seconds.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SHAPE",
    help="3x224x224 or 128:int64; repeatable. Of charts without accuracies.",
)
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Images in the batch.")
@click.option("--batches", metavar="1,2,4", help="Those of memory-batch.  [default: 1 to 64, doubled]")
@click.option("--train", type=click.Choice(OPTIMIZERS), help="Memory of a training step with this optimizer.")
@click.option("--device", metavar="cpu|cuda", help="Where roofline times.  [default: the GPU if there is one]")
@click.option("--labels", type=click.Choice(["auto", "all", "pareto", "none"]), help="Which balls are named.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True)
@click.option("--size", type=click.Choice(["16:9", "4:3", "paper"]), default="16:9", show_default=True)
@click.option("--strict", is_flag=True, help="Exit 1 when a network had to be left out.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help="FILE.svg, .pdf or .png; repeatable.")
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(
    kind: str,
    networks: tuple[str, ...],
    families: tuple[str, ...],
    everything: bool,
    preset: str | None,
    protocol: str,
    own: tuple[str, ...],
    times: str | None,
    inputs: tuple[str, ...],
    batch: int,
    batches: str | None,
    train: str | None,
    device: str | None,
    labels: str | None,
    theme: str,
    size: str,
    strict: bool,
    outputs: tuple[str, ...],
    quiet: bool,
) -> None:
    """Draw a chart as SVG, PDF or PNG; without -o as SVG to stdout.

    \b
    archcost plot accuracy-flops --all -o chart.svg -o chart.png
    archcost plot accuracy-flops --preset canziani-2016 -o canziani.pdf
    archcost plot accuracy-flops resnet50 vgg16 model.py:build --accuracy mine.csv -o mine.svg
    archcost plot memory-batch resnet50 vgg16 --train adam -o memory.svg

    \b
    KIND is one of
      accuracy-flops, accuracy-params, accuracy-time   balls: top-1 accuracy against a cost
      density                                          top-1 accuracy for each million parameters
      flops-time                                       multiply-adds against measured time
      memory-batch, time-batch                         lines against the batch size
      layers                                           memory, parameters and multiply-adds of each layer
      roofline                                         rows, timed here, under the roof of the device
      memory-timeline                                  what is alive while a network runs
      block                                            worked examples with their arithmetic
      error-year                                       the winners of the ImageNet challenge
    """  # noqa: D301 - click reads the \b
    from archcost.charts import check_option, draw, encoded, kind_of, svg_text
    from archcost.charts.gather import BATCHES, Request, gather, steps
    from archcost.charts.presets import preset_of
    from archcost.comparison.accuracy import read_accuracies
    from archcost.comparison.compare import read_seconds
    from archcost.sources import parse_input
    from archcost.sources.selection import select

    given = {"labels": labels, "train": train, "batches": batches, "times": times, "input": inputs, "device": device}
    for name, value in given.items():
        check_option(kind, name, given=bool(value))
    formats = [_format_of(path) for path in outputs]
    known = None if preset is None else preset_of(preset)
    if known is not None and known.kind != kind:
        raise ArgumentError(f"--preset {preset} is a chart of {known.kind}, not of {kind}")
    named = (*networks, *(known.networks if known else ()))
    free = kind_of(kind).data in {"winners", "time curves"} and not (named or families or everything)
    request = Request(
        specs=() if free else select(named, families=families, everything=everything, variants=False),
        protocol=protocol,
        accuracies=tuple(figure for path in own for figure in read_accuracies(path)),
        seconds=read_seconds(times) if times else {},
        batches=_numbers(batches) if batches else BATCHES,
        batch=batch,
        train=train,
        inputs=tuple(map(parse_input, inputs)) or None,
        device=device or "auto",
    )
    timed = kind_of(kind).data == "timed reports"
    with (
        progress(steps(kind, request), "Timing" if timed else "Counting", quiet=quiet, still=timed) as advance,
        stdout_kept(),
    ):
        chart = gather(kind, replace(request, progress=advance))
    left_out = (*chart.left_out, *(known.missing if known else ()))
    options = {**({"labels": labels} if labels else {}), **chart.options, **(known.options if known else {})}
    try:
        figure = draw(kind, chart.data, theme=theme, size=size, **options)
    except ArgumentError as error:
        kind_of_error = ArchcostError if any(lost.failed for lost in left_out) else ArgumentError
        raise kind_of_error("\n".join((str(error), *_left_out(left_out)))) from error
    for line in _left_out(left_out):
        note(line, quiet=quiet)
    for path, format_ in zip(outputs, formats, strict=True):
        write(encoded(figure, format_), path)
    if not outputs:
        write(svg_text(figure), None)
    if strict and left_out:
        raise LeftOutError(f"--strict: {len(left_out)} left out: {', '.join(lost.spec for lost in left_out)}")


def _left_out(networks: Sequence[Missing]) -> list[str]:
    """Return which networks have no place in the chart, one line for each reason."""
    reasons = dict.fromkeys(lost.reason for lost in networks)
    return [
        f"left out: {', '.join(lost.spec for lost in networks if lost.reason == reason)}: {reason}"
        for reason in reasons
    ]


def _format_of(output: str) -> str:
    """Return the format of a file's suffix, before any work is done for it."""
    suffix = Path(output).suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"-o {output}: the suffix must be one of {', '.join(FORMATS)}")
    check_writable(Path(output))
    return FORMATS[suffix]


def _numbers(text: str) -> tuple[int, ...]:
    """Read batch sizes."""
    try:
        sizes = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        sizes = ()
    if not sizes or sizes[0] < 1:
        raise ArgumentError(f"--batches {text}: batch sizes are written 1,2,4")
    return sizes
