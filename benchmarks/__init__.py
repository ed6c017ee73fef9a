"""Measurements of archcost itself; scripts that are not shipped: `python -m benchmarks.NAME`."""
