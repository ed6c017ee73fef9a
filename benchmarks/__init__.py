"""How fast archcost is, and how right: scripts to be run from a clone, `python -m benchmarks.NAME`; not shipped."""
