"""`archcost init NET...`: settings for `archcost check`, with comments, in pyproject.toml."""

from __future__ import annotations

import os
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.options import complete_names, follow_links, keep_process, note, write
from archcost.cli.progress import show_progress
from archcost.errors import ConfigError

if TYPE_CHECKING:
    from archcost.records import Report
    from archcost.regression.settings import Plan


@click.command("init", short_help="Add networks to pyproject.toml, for archcost check.")
@click.argument("networks", shell_complete=complete_names, metavar="NET...", nargs=-1, required=True)
@click.option(
    "--input", "inputs", multiple=True, metavar="SHAPE", help="Shape of an input of every NET: 3x224x224; repeatable."
)
@click.option("--config", metavar="FILE", help="File to add the networks to.  [default: the nearest pyproject.toml]")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr.")
def command(networks: tuple[str, ...], inputs: tuple[str, ...], config: str | None, quiet: bool) -> None:
    """Add each NET to pyproject.toml with its present cost in a comment, and first budgets if the file has none.

    The rest of the file stays unchanged, and so do networks that it already has. Nothing is written unless every NET
    can be counted.

    \b
    archcost init model.py:build --input 3x224x224
    archcost init resnet50 "timm:vit_base_patch16_224?num_classes=10"
    """  # noqa: D301 - click reads the \b
    from archcost.regression.begin import begin, networks_in
    from archcost.regression.settings import FILE, Plan, find_settings, parse_settings, settings_text

    try:
        file = follow_links(config) if config else find_settings(Path.cwd())
    except ConfigError:
        file = Path.cwd() / FILE
    text = settings_text(file) if file.exists() else ""
    there = networks_in(text, file)
    plans = []
    for spec in dict.fromkeys(_find_path(file.parent, network) for network in networks):
        if spec in there:
            note(f"{file} has {spec} already; it is left as it is", quiet=quiet)
        else:
            plans.append(Plan(name=spec, group=spec, spec=spec, inputs=inputs))
    if not plans:
        return
    with chdir(file.parent), show_progress(len(plans), "Counting", quiet=quiet) as advance, keep_process():
        counted = []
        for plan in plans:
            advance.begin(plan.spec)
            counted.append(_count_network(plan))
            advance(plan.spec)
    extended = begin(text, counted)
    parse_settings(extended, file)
    write(extended, str(file))
    note(f"{', '.join(plan.name for plan in plans)} added to {file}; next: `archcost check --update`", quiet=quiet)


def _find_path(folder: Path, network: str) -> str:
    """Return a spec whose file is relative to the folder of the settings."""
    from archcost.sources import parse_spec

    file = parse_spec(network).file
    if not file:
        return network
    return network.replace(file, Path(os.path.relpath(follow_links(file), folder)).as_posix(), 1)


def _count_network(plan: Plan) -> tuple[Plan, Report]:
    """Count a network on meta, or on the CPU if it needs values; return the device too."""
    from archcost.profiling.profile import profile
    from archcost.sources import parse_input

    inputs = [parse_input(text) for text in plan.inputs] or None
    report = profile(plan.spec, inputs, device=plan.device)
    where = report.environment["device"]
    return plan if where == "meta" else replace(plan, device=where), report
