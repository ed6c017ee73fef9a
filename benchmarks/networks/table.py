from benchmarks.networks import text
LINES = text.LINES
