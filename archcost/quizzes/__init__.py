"""Exercises about networks, each with a hint, its answer and the arithmetic; every answer is the walk's.

`layers` asks about single layers, `network` about all of one, `slips` about what slides print; `quiz` chooses.
"""

from archcost.quizzes.quiz import build_quiz as build_quiz
