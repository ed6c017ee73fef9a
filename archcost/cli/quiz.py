"""`archcost quiz NET`: exercises about a network, with worked answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_input, read_inputs
from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress

if TYPE_CHECKING:
    from archcost.cli.output import Output


@click.command("quiz", short_help="Ask questions about a network, with worked answers.")
@click.argument("network", shell_complete=complete_names, metavar="NET")
@click.option("--layers", multiple=True, metavar="GLOB", help="Ask only about these layers: 'conv*'; repeatable.")
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Number that selects the questions; another seed asks others.",
)
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True, help="Number of questions.")
@add_input()
@add_output()
def command(
    network: str, layers: tuple[str, ...], seed: int, count: int, inputs: tuple[str, ...], output: Output
) -> None:
    """Ask questions about a network, each with a hint and an answer whose arithmetic is shown.

    The questions cover volumes, parameters, multiply-adds, memory, receptive fields, the layers with the most of each,
    the saving of a 1x1 convolution, the effect of another stride, and the slips on slides. Every answer is counted.

    \b
    archcost quiz alexnet
    archcost quiz googlenet --count 20 --seed 7 -o quiz.html
    archcost quiz model.py:build --layers 'features.*' --format markdown

    In a terminal, the answers come after the questions; Markdown and HTML fold them.
    """  # noqa: D301 - click reads the \b
    from archcost.profiling.profile import profile
    from archcost.quizzes import build_quiz
    from archcost.render.quiz import build_document

    with show_progress(None, f"Counting {network}", quiet=output.quiet), keep_process():
        report = profile(network, read_inputs(inputs) or None, device="auto")
        quiz = build_quiz(report, layers=layers, seed=seed, count=count)
    output.write(build_document(quiz))
