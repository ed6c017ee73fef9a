"""A quiz as pages: one per question, with a folded answer; in a terminal the answers follow all questions."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Page, Passage
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from archcost.records import Question, Quiz


def build_document(quiz: Quiz) -> Document:
    """Return the document of a quiz."""
    return Document(
        pages=lambda: (_build_title(quiz), *(_build_page(n, each) for n, each in enumerate(quiz.questions, start=1))),
        listing=lambda: _build_sheets(quiz),
        data=lambda: dump_json(dataclasses.asdict(quiz), sort=False),
        rows=lambda: read_records(dataclasses.asdict(each) for each in quiz.questions),
    )


def _build_title(quiz: Quiz) -> Page:
    return Page(
        title=f"{quiz.network}: quiz", facts=(quiz.spec, f"{len(quiz.questions)} questions", f"seed {quiz.seed}")
    )


def _build_page(number: int, question: Question) -> Page:
    return Page(
        title=f"{number}. {question.kind.capitalize()}",
        prose=(question.text,),
        folded={"Hint": question.hint, "Answer": _spell_answer(question)},
    )


def _build_sheets(quiz: Quiz) -> tuple[Page, ...]:
    asked, answered = list[Passage](), list[Passage]()
    for number, question in enumerate(quiz.questions, start=1):
        start = f"{number}. "
        hang = len(start)
        asked += [Passage(f"{start}{question.text}", 0, hang), Passage(f"Hint: {question.hint}", hang, 2)]
        answered.append(Passage(f"{start}{_spell_answer(question)}", 0, hang))
    return (
        dataclasses.replace(_build_title(quiz), listing=tuple(asked)),
        Page(title="Answers", listing=tuple(answered)),
    )


def _spell_answer(question: Question) -> str:
    return f"{question.answer}: {question.arithmetic.rstrip('.')}."
