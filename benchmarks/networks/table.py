"""The table of all lines."""

from benchmarks.networks import others, senses, text

LINES = (*text.LINES, *senses.LINES, *others.LINES)
