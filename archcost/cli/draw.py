"""`archcost draw NET`: a network as a diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_group, add_subject
from archcost.cli.options import note, write
from archcost.cli.picture import choose_format

if TYPE_CHECKING:
    from archcost.cli.groups import Subject
    from archcost.diagrams import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a diagram shows of the costs, and how it looks."""

    cost: str
    show: str
    theme: str
    size: str

    def build_style(self) -> Style:
        """Return the style of the drawing."""
        from archcost.diagrams import Style

        return Style(cost=self.cost, show=self.show, theme=self.theme, size=self.size)


look_options = add_group(
    "look",
    Look,
    click.option("--cost", type=click.Choice(["macs", "params", "memory", "receptive-field", "none"]), default="macs",
                 show_default=True, help="Cost that each box shows."),
    click.option("--show", type=click.Choice(["bar", "width", "colour"]), default="bar", show_default=True,
                 help="How a box shows its share of the cost."),
    click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Colours."),
    click.option("--size", type=click.Choice(["16:9", "4:3", "slide", "paper"]), default="16:9", show_default=True,
                 help="Size of the picture; a diagram that does not fit makes it larger."),
)  # fmt: skip


@click.command("draw", short_help="Draw a network as a diagram, with what each box costs.")
@add_subject
@click.option("--depth", type=int, metavar="N", help="Levels of modules to show; 0 shows every layer.  [default: fits]")
@click.option("--apart", is_flag=True, help="Draw normalisations and activations as boxes of their own.")
@look_options
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help="FILE.svg, .pdf or .png; repeatable.")
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(
    subject: Subject, depth: int | None, apart: bool, look: Look, outputs: tuple[str, ...], quiet: bool
) -> None:
    """Draw a network as boxes and lines: layers, shapes, and what each costs.

    \b
    archcost draw inception_reduced -o inception.svg
    archcost draw resnet50 --depth 1 --cost params -o resnet50.png
    archcost draw resnet50::conv3_x.0 -o block.pdf

    NET::MODULE draws the inside of a module. Modules fold until the diagram fits; equal blocks that follow each other
    are one box with their number, and so are equal paths side by side.
    """  # noqa: D301 - click reads the \b
    from archcost.charts import encode_figure, write_svg
    from archcost.diagrams import draw_network
    from archcost.profiling.profile import profile

    formats = [choose_format(path) for path in outputs]
    report = profile(subject.network, subject.read_inputs() or None, batch=subject.batch, device=subject.device)
    diagram = draw_network(report, depth=depth, apart=apart, style=look.build_style())
    for path, form in zip(outputs, formats, strict=True):
        write(encode_figure(diagram.figure, form), path)
    if not outputs:
        write(write_svg(diagram.figure), None)
    if not diagram.fits:
        width, height = diagram.figure.get_size_inches()
        note(f"the diagram does not fit {look.size}; it is {width:.1f} x {height:.1f} inches: --depth folds more",
             quiet=quiet)  # fmt: skip
