"""The page of `benchmarks.sweeps`, written from the lines that its runs printed."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

PAGE = Path(__file__).parents[1] / "reports" / "measured" / "sweeps.md"
MILLION = 1_000_000
ENGINES = {"local": "pool", "ray": "Ray"}
HEADING = "| rows | networks | engine | failed | wall s | CPU s | of the driver | its peak | largest other | load |"
ABOUT = (
    "Written by `python -m benchmarks.sweeps --page`, from what its runs printed; {cores} cores, {jobs} workers. "
    "LeNet-5 has as many input channels as its row's number, so that no two are the same. Processor seconds are of all "
    "processes of the sweep; what one takes between the last look at it and its end, at most half a second, is "
    "missing. The driver is the process that asks; the largest other one is a worker, or one of Ray's."
)

Line: TypeAlias = dict[str, Any]


def spell(lines: list[Line]) -> str:
    """Return the page: a table of the sweeps, their comparison, and the interrupted comparisons."""
    runs = [each for each in lines if "engine" in each]
    table = "\n".join([HEADING, "|---:|---|---|" + "---:|" * 7, *map(_spell_run, runs)])
    parts = ["# Sweeps", ABOUT.format(cores=os.cpu_count(), jobs=os.cpu_count()), table]
    parts += [*_compare_engines(runs), *_extrapolate(runs), *map(_spell_interrupted, lines)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _spell_run(run: Line) -> str:
    return (
        f"| {run['rows']:,} | {_name(run)} | {ENGINES[run['engine']]} | {run['failures']} | "
        f"{run['wall_seconds']:,.1f} | {run['processor_seconds']:,.1f} | {run['driver_processor_seconds']:.1f} | "
        f"{run['driver_peak_bytes'] / 1e6:.1f} MB | {run['largest_other_bytes'] / 1e6:.0f} MB | {run['load']:.1f} |"
    )


def _name(run: Line) -> str:
    return f"`{run['specs']}`" if run["specs"] else "LeNet-5"


def _compare_engines(runs: list[Line]) -> list[str]:
    """State for each sweep of both engines whether their rows are the same."""
    found = {(run["rows"], run["specs"], run["engine"]): run for run in runs}
    said = []
    for (rows, specs, engine), run in found.items():
        other = found.get((rows, specs, "ray"))
        if engine == "local" and other is not None:
            same = "are the same" if run["digest"] == other["digest"] else "DIFFER"
            said.append(f"The {rows:,} rows of {_name(run)} from the pool and from Ray {same}.")
    return [" ".join(said)]


def _extrapolate(runs: list[Line]) -> list[str]:
    """State how a row's time and the driver's memory grow, and extrapolate to a million rows."""
    said = []
    for engine, title in ENGINES.items():
        own = [run for run in runs if run["engine"] == engine and not run["specs"]]
        for less, more in pairwise(sorted(own, key=lambda run: run["rows"])):
            rows = more["rows"] - less["rows"]
            row = (more["processor_seconds"] - less["processor_seconds"]) / rows
            driver = (more["driver_processor_seconds"] - less["driver_processor_seconds"]) / rows
            grown = more["driver_peak_bytes"] / less["driver_peak_bytes"] - 1
            said.append(
                f"* {title}, from {less['rows']:,} to {more['rows']:,} rows of LeNet-5: {1000 * row:.1f} ms of a "
                f"core for each row, {1000 * driver:.2f} ms of it in the driver, whose peak grows by {grown:.1%}. "
                f"A million rows at this rate: {MILLION * row / 3600:.1f} core-hours, {MILLION * driver / 60:.0f} "
                "minutes of the driver."
            )
    return ["\n".join(said)]


def _spell_interrupted(line: Line) -> str:
    if "interrupted" not in line:
        return ""
    first, second = line["at"]
    return (
        f"`archcost compare {' '.join(map(repr, line['interrupted']))} --journal rows.jsonl`, interrupted with "
        f"{first:,} and with {second:,} of {line['rows']:,} rows in the journal and run a third time, ends with "
        f"{'the same CSV, byte by byte,' if line['same'] else 'ANOTHER CSV'} as a run that nobody interrupts. The "
        f"journal has {line['lines']:,} lines, those of interrupted networks among them. {line['wall_seconds']:,.0f} s "
        f"without interruptions, {line['interrupted_wall_seconds']:,.0f} s with them; load {line['load']:.1f}."
    )
