"""`archcost draw NET`: a network as a diagram."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_batch, add_device, add_group, add_input, read_inputs
from archcost.cli.options import complete_names, note, write
from archcost.cli.picture import choose_format
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.diagrams import Style
    from archcost.records import Report

PAGE = {".html": "html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The look of a diagram, and the cost that it shows."""

    cost: str
    show: str
    direction: str
    theme: str
    size: str
    font: str | None

    def build_style(self) -> Style:
        """Return the style of the drawing."""
        from archcost.diagrams import Style

        return Style(**asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The extent of a diagram: module levels, layers drawn on others' boxes, columns of groups, its first boxes."""

    depth: int | None
    apart: bool
    columns: int
    first: int | None


extent_options = add_group(
    "extent",
    Extent,
    click.option("--depth", type=int, metavar="N",
                 help="Number of module levels to show; 0 shows every layer.  [default: as many as fit]"),
    click.option("--apart", is_flag=True, help="Draw normalisations and activations as boxes of their own."),
    click.option("--columns", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
                 help="Draw convolutions of N groups as N columns, as AlexNet on two GPUs."),
    click.option("--first", type=click.IntRange(min=1), metavar="N",
                 help="Draw only the first N boxes, in their places, to build a diagram up."),
)  # fmt: skip

look_options = add_group(
    "look",
    Look,
    click.option("--cost", type=click.Choice(["macs", "params", "memory", "receptive-field", "none"]), default="macs",
                 show_default=True, help="Cost to show in each box."),
    click.option("--show", type=click.Choice(["bar", "width", "colour"]), default="bar", show_default=True,
                 help="How a box shows its share of the cost."),
    click.option("--direction", type=click.Choice(["down", "right"]), default="down", show_default=True,
                 help="Direction in which the drawing runs."),
    click.option(
        "--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True,
        help="Colour theme.",
    ),
    click.option("--size", type=click.Choice(["16:9", "4:3", "slide", "body", "paper"]), default="16:9",
                 show_default=True, help="Size of the picture; a diagram that does not fit makes it larger."),
    click.option("--font", metavar="NAME", help="Font family.  [default: DejaVu Sans]"),
)  # fmt: skip


@click.command("draw", short_help="Draw networks as diagrams, with what each box costs.")
@click.argument("networks", shell_complete=complete_names, nargs=-1, required=True, metavar="NET...")
@add_input()
@add_batch(least=0)
@add_device("auto|meta|cpu|cuda", does="the network runs on")
@extent_options
@look_options
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write the diagram to FILE.svg, .pdf, .png or .html; repeatable.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(
    networks: tuple[str, ...], inputs: tuple[str, ...], batch: int, device: str, extent: Extent, look: Look,
    outputs: tuple[str, ...], quiet: bool,
) -> None:  # fmt: skip
    """Draw networks as boxes and lines: layers, shapes, and what each costs. Several stand side by side.

    \b
    archcost draw inception_reduced -o inception.svg
    archcost draw resnet50 --depth 1 --cost params -o resnet50.png
    archcost draw resnet50::conv3_x.0 -o block.pdf
    archcost draw plain34 resnet34 vgg19 -o three.svg

    NET::MODULE draws the inside of a module. Modules fold until the diagram fits; consecutive equal blocks are one box
    with their number, and so are equal parallel paths. In FILE.html, a click folds and unfolds them.
    """  # noqa: D301 - click reads the \b
    from archcost.charts import encode_figure, write_svg
    from archcost.diagrams import draw_networks
    from archcost.profiling.many import remember_reports
    from archcost.profiling.profile import profile

    formats = [choose_format(path, PAGE) for path in outputs]
    parts = []
    with remember_reports():
        for network in networks:
            spec, _, module = network.partition("::")
            parts.append((profile(spec, read_inputs(inputs) or None, batch=batch, device=device), module))
    if "html" in formats:
        _write_pages(parts, outputs, apart=extent.apart, cost=look.cost)
    pictures = [(path, form) for path, form in zip(outputs, formats, strict=True) if form != "html"]
    if outputs and not pictures:
        return
    diagram = draw_networks(parts, **asdict(extent), style=look.build_style())
    for path, form in pictures:
        write(encode_figure(diagram.figure, form), path)
    if not outputs:
        write(write_svg(diagram.figure), None)
    if not diagram.fits:
        width, height = diagram.figure.get_size_inches()
        note(f"the diagram does not fit {look.size}; it is {width:.1f} x {height:.1f} inches: --depth folds more",
             quiet=quiet)  # fmt: skip


def _write_pages(parts: Sequence[tuple[Report, str]], outputs: Sequence[str], *, apart: bool, cost: str) -> None:
    """Write the pages among the outputs.

    Raises:
        ArgumentError: a page shows one network, and there are several.
    """
    from archcost.diagrams import write_html

    if len(parts) != 1:
        raise ArgumentError("a page shows one network; name one NET with -o FILE.html")
    ((report, module),) = parts
    for path in outputs:
        if choose_format(path, PAGE) == "html":
            write(write_html(report, module=module, apart=apart, cost=cost), path)
