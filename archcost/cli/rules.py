"""`archcost rules`: the rule of every operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.output import add_output
from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from archcost.cli.output import Output

DEVICES = ("cpu", "cuda")


@click.command("rules", short_help="List the rules that operators are counted by.")
@click.argument("operator", required=False)
@add_output()
def command(operator: str | None, output: Output) -> None:
    """List the rules that operators are counted by: formula, what is not counted, and why an operator is free.

    OPERATOR is a name ("convolution", "aten.mm", "torchvision::nms"), a part of one, or a glob ("aten.*pool*").

    \b
    archcost rules
    archcost rules convolution
    archcost rules "*softmax*" --format csv
    """  # noqa: D301 - click reads the \b
    from archcost.render.rules import build_document
    from archcost.rules import RULES
    from archcost.rules.describing import describe_rules
    from archcost.walk.casts import policies

    rules = describe_rules(operator)
    if not rules:
        names = [name.partition(".")[2] for name in RULES]
        hint = closest(str(operator), names, "`archcost rules` lists all operators that have one")
        raise ArgumentError(f"no operator matches {operator!r}; {hint}")
    casts = {
        device: {f"aten.{name.partition('.')[0]}": policy for name, policy in policies(device).items()}
        for device in DEVICES
    }
    output.write(build_document(rules, casts))
