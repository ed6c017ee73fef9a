"""Measurements of archcost's speed and accuracy: scripts of a clone, `python -m benchmarks.NAME`; not shipped."""
