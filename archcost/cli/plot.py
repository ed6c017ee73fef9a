"""`archcost plot KIND NET…`: the charts."""

from __future__ import annotations

from pathlib import Path

import click

from archcost.cli.options import check_writable, note, stdout_kept, write
from archcost.errors import LeftOutError, OutputError

FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


@click.command("plot", short_help="Draw a chart.")
@click.argument("kind", metavar="KIND")
@click.argument("networks", nargs=-1, metavar="[NET]...")
@click.option("--family", "families", multiple=True, metavar="NAME", help="All of a family of the zoo; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Every network of the zoo, without variants.")
@click.option("--preset", metavar="NAME", help="A chart that was published: canziani-2016.")
@click.option("--protocol", default="single-crop", show_default=True, metavar="NAME", help="Of the accuracies.")
@click.option("--accuracy", "own", multiple=True, metavar="FILE", help="Your own figures, a CSV; repeatable.")
@click.option("--labels", type=click.Choice(["auto", "all", "pareto", "none"]), default="auto", help="Who is named.")
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
    labels: str,
    theme: str,
    size: str,
    strict: bool,
    outputs: tuple[str, ...],
    quiet: bool,
) -> None:
    """Draw a chart as SVG, PDF or PNG; without -o as SVG to stdout.

    \b
    archcost plot accuracy-flops --all -o chart.svg -o chart.png
    archcost plot accuracy-flops resnet50 vgg16 model.py:build --accuracy mine.csv -o chart.pdf
    """  # noqa: D301 - click reads the \b
    from archcost.accuracy import read_accuracies
    from archcost.charts import gather, preset_of
    from archcost.render.plots import draw, encoded, kind_of, svg_text
    from archcost.selection import select

    kind_of(kind)
    formats = [_format_of(path) for path in outputs]
    published = None if preset is None else preset_of(preset)
    named = (*networks, *(published.networks if published else ()))
    specs = select(named, families=families, everything=everything, variants=False)
    accuracies = [figure for path in own for figure in read_accuracies(path)]
    with stdout_kept():
        chart = gather(kind, specs, protocol=protocol, accuracies=accuracies)
    left_out = (*chart.left_out, *(published.missing if published else ()))
    for reason in dict.fromkeys(lost.reason for lost in left_out):
        names = ", ".join(lost.spec for lost in left_out if lost.reason == reason)
        note(f"left out: {names}: {reason}", quiet=quiet)
    options = {"labels": labels, **(published.options if published else {})}
    figure = draw(kind, chart.data, theme=theme, size=size, **options)
    for path, format_ in zip(outputs, formats, strict=True):
        write(encoded(figure, format_), path)
    if not outputs:
        write(svg_text(figure), None)
    if strict and left_out:
        raise LeftOutError(f"--strict: {len(left_out)} networks were left out: {', '.join(n.spec for n in left_out)}")


def _format_of(output: str) -> str:
    """Return the format of a file's suffix, before any work is done for it."""
    suffix = Path(output).suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"-o {output}: the suffix must be one of {', '.join(FORMATS)}")
    check_writable(Path(output))
    return FORMATS[suffix]
