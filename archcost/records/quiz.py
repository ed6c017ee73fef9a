"""Exercises about a network, with their answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One exercise. `layer` is the name of its row, "" for the whole network; `arithmetic` derives the answer."""

    kind: str
    layer: str
    text: str
    hint: str
    answer: str
    arithmetic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The exercises that a seed selects for a network."""

    spec: str
    network: str
    seed: int
    questions: tuple[Question, ...]
