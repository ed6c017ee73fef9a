"""The table of all lines."""

from benchmarks.networks import further, others, senses, text

LINES = (*text.LINES, *senses.LINES, *others.LINES, *further.LINES)
