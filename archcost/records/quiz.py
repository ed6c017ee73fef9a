"""Exercises about a network, with their answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One exercise. `layer` is the row that it is about, "" for the whole network; `arithmetic` gives the answer."""

    kind: str
    layer: str
    text: str
    hint: str
    answer: str
    arithmetic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The exercises that a seed chose of a network."""

    spec: str
    network: str
    seed: int
    questions: tuple[Question, ...]
