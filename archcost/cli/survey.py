"""`archcost survey`: what published networks have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_choice
from archcost.cli.output import add_output

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.comparison.choosing import Choice


@click.command("survey", short_help="Survey published networks.")
@click.argument("subject", metavar="time|accuracy")
@click.argument("networks", nargs=-1, metavar="[NET]...")
@click.option(
    "--by",
    metavar="NAME",
    help="Group times by device or family, accuracies by pretraining, family, library or year.",
)
@add_choice(limit=False)
@add_output()
def command(subject: str, networks: tuple[str, ...], by: str | None, choice: Choice, output: Output) -> None:
    """Survey published networks: how well their costs order their times, or how accurate they are at equal cost.

    \b
    archcost survey time
    archcost survey time 'timm:*' --by family --device-name rtx4090
    archcost survey accuracy --by pretraining
    archcost survey accuracy 'timm:*' --by family --pretraining in1k
    archcost survey accuracy --by year --pretraining in1k

    No network is run: archcost brings the accuracies and throughputs that timm and torchvision publish, and the costs.
    """  # noqa: D301 - click reads the \b
    from archcost.comparison.published import LIBRARIES
    from archcost.comparison.survey import check_subject, survey
    from archcost.render.survey import build_document

    check_subject(subject)
    choice.check()
    specs = networks or tuple(f"{library}:*" for library in LIBRARIES)
    output.write(build_document(survey(subject, specs, by=by, device=choice.device, choice=choice)))
