"""Write archcost/data/timm: timm's published figures of its networks, and archcost's counts.

    python -m benchmarks.published RESULTS [--journal FILE]

RESULTS is the folder results/ of timm's repository at the commit that archcost/data/timm/sources.toml names. Each
architecture is counted at each size with a published accuracy, in two processes: half an hour on two cores. After an
interruption, the same command with the same journal continues.
"""

from __future__ import annotations

import argparse
import csv
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import archcost
from archcost.comparison.compare import build_row
from archcost.comparison.published import COSTS, FOLDER
from archcost.profiling.run import run
from archcost.records import ComparisonRow, Failure, Sweeping
from archcost.sources.libraries import import_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

TIMEOUT, MAX_MEMORY = 900.0, 6 * 10**9


def main() -> None:
    """Write the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--journal", type=Path, default=Path("published.jsonl"))
    given = parser.parse_args()
    accuracies = list(read_accuracies(given.results))
    write_table("timm/accuracy.csv", accuracies)
    write_table("timm/throughput.csv", read_throughputs(given.results))
    write_table("timm/costs.csv", count(accuracies, given.journal))


def read_accuracies(results: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of timm's table of accuracies, with the accuracies by the ReaL labels."""
    real = {(row["model"], row["img_size"]): row for row in read_rows(results / "results-imagenet-real.csv")}
    for row in read_rows(results / "results-imagenet.csv"):
        other = real.get((row["model"], row["img_size"]), {})
        yield {
            "model": row["model"],
            "size": row["img_size"],
            "crop": row["crop_pct"],
            "interpolation": row["interpolation"],
            "top1": row["top1"],
            "top5": row["top5"],
            "real1": other.get("top1"),
            "real5": other.get("top5"),
        }


def read_throughputs(results: Path) -> Iterator[dict[str, Any]]:
    """Yield samples per second, on each device of sources.toml."""
    sources = tomllib.loads((FOLDER / "timm" / "sources.toml").read_text(encoding="utf-8"))
    for name, device in sources["device"].items():
        for row in read_rows(results / device["file"]):
            yield {
                "device": name,
                "model": row["model"],
                "size": row["infer_img_size"],
                "samples_per_second": row["infer_samples_per_sec"],
                "batch": row["infer_batch_size"],
                "gmacs": row["infer_gmacs"],
                "mmacts": row["infer_macts"],
            }


def count(accuracies: Iterable[Mapping[str, Any]], journal: Path) -> Iterator[dict[str, Any]]:
    """Yield the cost of each architecture at each size, in the order of the accuracies.

    A network whose size is fixed when it is built gets the size as `img_size`.
    """
    timm = import_library("timm")
    asked: dict[tuple[str, str], str] = {}
    for row in accuracies:
        architecture = row["model"].partition(".")[0]
        if timm.is_model(architecture):
            asked.setdefault((architecture, row["size"]), f"timm:{row['model']}@{row['size']}")
    found = dict(walk(list(asked.values()), journal))
    resized = {spec: f"{spec}?img_size={spec.rpartition('@')[2]}" for spec, row in found.items() if not row}
    again = dict(walk(list(resized.values()), journal, last=True))
    for (architecture, size), spec in asked.items():
        counted = found[spec] or again[resized[spec]]
        if counted:
            totals = counted.totals
            field = "x".join(map(str, totals.receptive_field)) if totals.receptive_field else None
            yield {
                "architecture": architecture,
                "size": size,
                "family": find_family(timm, architecture),
                **{name: field if name == "receptive_field" else getattr(totals, name) for name in COSTS},
            }


def walk(specs: Sequence[str], journal: Path, *, last: bool = False) -> Iterator[tuple[str, ComparisonRow | None]]:
    """Yield the figures of networks, None for a failure; print the error if it was the last try."""
    how = Sweeping(journal=str(journal), isolate=True, timeout=TIMEOUT, max_memory=MAX_MEMORY)
    for done, (spec, row) in enumerate(run(specs, {}, build_row, sweeping=how), 1):
        failed = isinstance(row, Failure)
        if failed and last:
            print(f"{spec}: {row.reason}")
        if not done % 100:
            print(f"{done} of {len(specs)}", flush=True)
        yield spec, None if failed else row


def find_family(timm: Any, architecture: str) -> str:
    """Return an architecture's family: the name of its file in timm, without suffix."""
    return str(timm.models.model_entrypoint(architecture).__module__.rpartition(".")[2])


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table to a temporary file, and rename it once it is complete."""
    written = list(rows)
    aside = FOLDER / f"{name}.new"
    with aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(written[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(written)
    aside.replace(FOLDER / name)
    print(f"{len(written)} lines of {name}, archcost {archcost.__version__}")


if __name__ == "__main__":
    main()
