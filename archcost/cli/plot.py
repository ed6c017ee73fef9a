"""`archcost plot KIND NET…`: the charts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from archcost.charts.kinds import COMPARED, FREE, KINDS
from archcost.choices import OPTIMIZERS
from archcost.cli.groups import (
    LIKE,
    add_batch,
    add_beside,
    add_choice,
    add_group,
    add_input,
    add_selection,
    read_inputs,
)
from archcost.cli.options import keep_process, note, write
from archcost.cli.picture import choose_format
from archcost.cli.progress import show_progress
from archcost.errors import LONGEST, ArgumentError, LeftOutError, cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.charts.request import Request
    from archcost.cli.groups import Beside, Selection
    from archcost.comparison.choosing import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The options of a chart's networks, which some kinds of charts have."""

    inputs: tuple[str, ...]
    batch: int
    batches: str | None
    train: str | None
    like: str | None
    device: str | None
    choice: Choice

    def build_request(self, specs: tuple[str, ...], beside: Beside) -> Request:
        """Return the chart's request for these networks."""
        from archcost.charts.request import BATCHES, Request

        return Request(
            specs=specs,
            protocol=beside.protocol,
            dataset=beside.dataset,
            accuracies=beside.read_accuracies(),
            times=beside.read_times(),
            choice=self.choice,
            batches=_read_batches(self.batches) if self.batches else BATCHES,
            batch=self.batch,
            train=self.train,
            like=self.like,
            inputs=read_inputs(self.inputs) or None,
            device=self.device or "auto",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The look of a chart."""

    labels: str | None
    theme: str
    size: str
    font: str | None
    title: str | None
    subtitle: str | None
    highlight: tuple[str, ...]
    free_scales: bool
    first: int | None

    def build_look(self) -> dict[str, Any]:
        """Return the options of all kinds of charts."""
        from archcost.charts import Words

        words = Words(title=self.title, subtitle=self.subtitle, highlight=self.highlight)
        return {"theme": self.theme, "size": self.size, "font": self.font, "words": words}

    def build_options(self) -> dict[str, Any]:
        """Return the options of some kinds of charts."""
        return {
            **({"labels": self.labels} if self.labels else {}),
            **({"free_scales": True} if self.free_scales else {}),
            **({"first": self.first} if self.first else {}),
        }


setting_options = add_group(
    "setting",
    Setting,
    add_input(" Only for charts without accuracies."),
    add_batch(),
    click.option("--batches", metavar="1,2,4", help="Batch sizes of memory-batch.  [default: 1, 2, 4, ... 64]"),
    click.option(
        "--train", type=click.Choice(OPTIMIZERS), help="Draw the memory of a training step with this optimizer."
    ),
    LIKE,
    click.option(
        "--device", metavar="cpu|cuda", help="Device that roofline measures.  [default: the GPU if there is one]"
    ),
)
style_options = add_group(
    "style",
    Style,
    click.option(
        "--labels", type=click.Choice(["auto", "all", "pareto", "none"]), help="Balls to name in an accuracy chart."
    ),
    click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True),
    click.option(
        "--size", type=click.Choice(["16:9", "4:3", "slide", "body", "paper"]), default="16:9", show_default=True
    ),
    click.option("--font", metavar="FONT", help="Font size in points, font family, or both: 20, Arial, 'Arial 20'."),
    click.option("--title", metavar="TEXT", help="Headline of the chart, instead of archcost's."),
    click.option("--subtitle", metavar="TEXT", help="Line of text to add below the headline."),
    click.option(
        "--highlight", multiple=True, metavar="NET", help="Keep the colour of NET and draw the others grey; repeatable."
    ),
    click.option("--free-scales", is_flag=True, help="Give each network of a layers chart its own axes."),
    click.option(
        "--first", type=click.IntRange(min=1), metavar="N", help="Number of blocks to draw, in their places among all."
    ),
)


def _name_kinds(function: Callable[..., None]) -> Callable[..., None]:
    """Write the kinds of charts into the help of a command, which is its docstring."""
    width = max(map(len, KINDS))
    kinds = "\n    ".join(f"  {name:<{width}}   {kind.text}" for name, kind in KINDS.items())
    compared = f"{', '.join(COMPARED[:-1])} and {COMPARED[-1]}"
    function.__doc__ = (function.__doc__ or "").replace("{kinds}", kinds).replace("{compared}", compared)
    return function


@click.command("plot", short_help="Draw a chart.")
@click.argument("kind", metavar="KIND")
@add_selection("Add the whole zoo, without variants.")
@click.option(
    "--preset", metavar="NAME", help="Draw a known chart: canziani-2016, or a worked example such as inception."
)
@add_beside
@add_choice()
@setting_options
@style_options
@click.option("--strict", is_flag=True, help="Exit 1 when a network or a name had to be left out.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write the chart to FILE.svg, .pdf or .png; repeatable.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@_name_kinds
def command(
    kind: str,
    selection: Selection,
    preset: str | None,
    beside: Beside,
    setting: Setting,
    style: Style,
    strict: bool,
    outputs: tuple[str, ...],
    quiet: bool,
) -> None:
    """Draw a chart as SVG, PDF or PNG; without -o as SVG to stdout.

    \b
    archcost plot accuracy-flops --all -o chart.svg -o chart.png
    archcost plot accuracy-flops --preset canziani-2016 -o canziani.pdf
    archcost plot accuracy-flops resnet50 vgg16 model.py:build --accuracy mine.csv -o mine.svg
    archcost plot accuracy-time 'timm:*' --device-name rtx4090 -o published.svg
    archcost plot memory-batch resnet50 vgg16 --train adam -o memory.svg

    \b
    KIND is one of
    {kinds}

    A pattern such as 'timm:*' selects published networks in {compared}; these do not run. By default only networks with
    ImageNet-1k pretraining are shown. --pretraining names others, or any; the marker's shape then tells them apart.
    """  # noqa: D301 - click reads the \b
    from archcost.charts import check_option, encode_figure, find_kind, write_svg
    from archcost.charts.gather import count_steps, gather
    from archcost.charts.plot import draw_gathered, list_left_out
    from archcost.charts.presets import choose_preset

    given = {
        "labels": style.labels, "train": setting.train, "like": setting.like, "batches": setting.batches,
        "times": beside.times, "input": setting.inputs, "device": setting.device, "highlight": style.highlight,
        "free-scales": style.free_scales, "first": style.first, "dataset": beside.dataset, **setting.choice.spell(),
    }  # fmt: skip
    for name, value in given.items():
        check_option(kind, name, given=bool(value))
    formats = [choose_format(path) for path in outputs]
    known = choose_preset(preset, kind)
    free = find_kind(kind).data in FREE and not (selection or known.networks)
    setting = replace(setting, choice=_choose_shipped(kind, setting.choice, selection))
    shipped = bool(setting.choice)
    specs = () if free else selection.select(*known.networks, variants=False, published=shipped)
    request = setting.build_request(specs, beside)
    timed = find_kind(kind).data == "timed reports"
    what = "Timing" if timed else "Counting"
    with show_progress(count_steps(kind, request), what, quiet=quiet, still=timed) as advance, keep_process():
        chart = gather(kind, replace(request, progress=advance))
    figure, left_out, unplaced = draw_gathered(kind, chart, known, style.build_look(), style.build_options())
    for line in list_left_out(left_out):
        note(line, quiet=quiet)
    if unplaced:
        note(f"no room for these names: {', '.join(unplaced)}; another --size, or fewer networks", quiet=quiet)
    for path, format_ in zip(outputs, formats, strict=True):
        write(encode_figure(figure, format_), path)
    if not outputs:
        write(write_svg(figure), None)
    if strict and left_out:
        raise LeftOutError(f"--strict: {len(left_out)} left out: {', '.join(lost.spec for lost in left_out)}")
    if strict and unplaced:
        raise LeftOutError(f"--strict: no room for {len(unplaced)} names: {', '.join(unplaced)}")


def _choose_shipped(kind: str, choice: Choice, selection: Selection) -> Choice:
    """Return the choice of a chart that compares networks; a pattern of published networks says not to run them."""
    from archcost.charts.kinds import COMPARED
    from archcost.comparison.choosing import choose_shipped

    return choose_shipped(choice, selection.networks) if kind in COMPARED else choice


def _read_batches(text: str) -> tuple[int, ...]:
    """Read batch sizes."""
    try:
        sizes = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        sizes = ()
    if not sizes or sizes[0] < 1:
        raise ArgumentError(f"--batches {cut(text, LONGEST)}: batch sizes are written 1,2,4")
    return sizes
