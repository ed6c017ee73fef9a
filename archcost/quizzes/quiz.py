"""build_quiz(report): exercises about a network, of all kinds that apply, selected by a seed."""

from __future__ import annotations

import fnmatch
import random
from collections import defaultdict
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, closest
from archcost.quizzes.layers import yield_layer_questions
from archcost.quizzes.network import yield_most_questions, yield_saving_questions, yield_stride_questions
from archcost.quizzes.slips import yield_slip_questions
from archcost.records import Quiz

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Layer, Question, Report

SLIPS = 2  # the most slips, because each needs further networks measured


def build_quiz(report: Report, *, layers: Sequence[str] = (), seed: int = 0, count: int = 10) -> Quiz:
    """Return exercises about a network; the same request gives the same exercises.

    Args:
        report: of one image.
        layers: globs of layer names to ask about; empty: all layers, and the network as a whole.
        seed: selects among the possible questions.
        count: the number of questions; the quiz has fewer if the network allows no more.

    Raises:
        ArgumentError: the batch has several images, a glob matches no layer, or the network allows no question.
    """
    _refuse_batches(report)
    chosen = _choose_layers(report, layers)
    chance = random.Random(seed)  # noqa: S311 - questions are not secrets
    kinds: dict[str, list[Question]] = defaultdict(list)
    for question in _yield_questions(report, chosen, whole=not layers):
        kinds[question.kind].append(question)
    if not layers:
        kinds["slip"] += yield_slip_questions(report.network.spec, chance, SLIPS)
    for kind, questions in kinds.items():
        chance.shuffle(questions)
        kinds[kind] = _leave_out_repeats(questions)
    picked: list[Question] = []
    while len(picked) < count and any(kinds.values()):
        picked += [questions.pop() for questions in kinds.values() if questions]
    if not picked:
        raise ArgumentError(
            f"{report.network.spec} has no convolution, pool or linear layer with anything to ask about"
            f"{': leave --layers out' if layers else ''}"
        )
    return Quiz(spec=report.network.spec, network=report.network.name, seed=seed, questions=tuple(picked[:count]))


def _leave_out_repeats(questions: Sequence[Question]) -> list[Question]:
    """Return questions of which no two differ in the layer's name alone, as those of repeated blocks do."""
    found = {(each.text.replace(each.layer, "") if each.layer else each.text): each for each in questions}
    return list(found.values())


def _refuse_batches(report: Report) -> None:
    for info in report.network.inputs:
        if len(info.shape) > 1 and info.shape[0] != 1:
            raise ArgumentError(f"a quiz is about one image, not a batch of {info.shape[0]}")


def _choose_layers(report: Report, patterns: Sequence[str]) -> list[int]:
    names = [layer.name for layer in report.layers]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            hint = closest(pattern, names, f"it has {', '.join(names[:8])}")
            raise ArgumentError(f"{report.network.spec} has no layer {pattern!r}; {hint}")
    wanted = list(patterns) or ["*"]
    return [i for i, name in enumerate(names) if any(fnmatch.fnmatchcase(name, pattern) for pattern in wanted)]


def _yield_questions(report: Report, chosen: Sequence[int], *, whole: bool) -> Iterator[Question]:
    rows: Sequence[Layer] = report.layers
    if whole:
        yield from yield_most_questions(rows)
    for place in chosen:
        yield from yield_layer_questions(rows, place)
        yield from yield_saving_questions(rows, place)
        yield from yield_stride_questions(rows[place])
