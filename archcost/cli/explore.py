"""`archcost explore NET`: a page on which a reader changes the layers of a network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_subject
from archcost.cli.options import keep_process, note, write
from archcost.cli.picture import check_page
from archcost.cli.progress import show_progress

if TYPE_CHECKING:
    from archcost.cli.groups import Subject


@click.command("explore", short_help="Write a page on which a reader changes a network's layers.")
@partial(add_subject, batched=False)
@click.option("-o", "--output", required=True, metavar="FILE", help="Write the page to this file: x.html.")
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(subject: Subject, output: str, quiet: bool) -> None:
    """Write a page with a slider for each setting of a network: filters, kernel, stride, groups, input size.

    \b
    archcost explore inception_reduced -o inception.html
    archcost explore resnet50::conv3_x.0 -o block.html
    archcost explore model.py:build --input 3x64x64 -o mine.html

    Products, totals and drawing follow the sliders, and each layer takes the channels that reach it. The address of the
    page holds the settings, so that a link to it does, too. The page loads nothing.
    """  # noqa: D301 - click reads the \b
    check_page(output)
    from archcost.explore import write_html
    from archcost.profiling.traced import profile_with_trace

    with show_progress(None, f"Counting {subject.network}", quiet=quiet), keep_process():
        report, trace = profile_with_trace(subject.network, subject.read_inputs() or None, device=subject.device)
        page = write_html(trace, report)
    write(page, output)
    for warning in report.warnings:
        note(warning, quiet=quiet)
    note(f"wrote {output}", quiet=quiet)
