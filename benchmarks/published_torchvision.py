"""Write archcost/data/torchvision: torchvision's published figures of its networks, and archcost's counts.

    python -m benchmarks.published_torchvision [--journal FILE]

The accuracies come from the weights' metadata in the installed torchvision. Each network is counted at each crop size
with a published accuracy, in a separate process, which takes some minutes.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.comparison.published import COSTS
from archcost.sources.libraries import import_library
from benchmarks.published import walk, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RESIZED = 256  # pixels, if the weights name no size


def main() -> None:
    """Write the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--journal", type=Path, default=Path("published_torchvision.jsonl"))
    given = parser.parse_args()
    accuracies = list(read_accuracies())
    write_table("torchvision/accuracy.csv", accuracies)
    write_table("torchvision/costs.csv", count(accuracies, given.journal))


def read_accuracies() -> Iterator[dict[str, Any]]:
    """Yield ImageNet's classification weights, with their accuracies on one central crop."""
    models = import_library("torchvision.models")
    for name in models.list_models(module=models):
        for weights in models.get_model_weights(name):
            figures, cut = weights.meta["_metrics"].get("ImageNet-1K", {}), weights.transforms.keywords
            if not math.isnan(figures.get("acc@1", math.nan)):
                yield {
                    "model": f"{name}.{weights.name}",
                    "size": cut["crop_size"],
                    "crop": f"{cut['crop_size'] / cut.get('resize_size', RESIZED):.3f}",
                    "interpolation": str(getattr(cut.get("interpolation"), "value", "bilinear")),
                    "top1": figures["acc@1"],
                    "top5": figures["acc@5"],
                    "real1": None,
                    "real5": None,
                }


def count(accuracies: Iterable[Mapping[str, Any]], journal: Path) -> Iterator[dict[str, Any]]:
    """Yield the cost of each network at each size, in the order of the accuracies."""
    models = import_library("torchvision.models")
    asked: dict[tuple[str, int], str] = {}
    for row in accuracies:
        name = row["model"].partition(".")[0]
        asked.setdefault((name, row["size"]), f"torchvision:{row['model']}@{row['size']}")
    found = dict(walk(list(asked.values()), journal, last=True))
    for (name, size), spec in asked.items():
        counted = found[spec]
        if counted:
            totals = counted.totals
            field = "x".join(map(str, totals.receptive_field)) if totals.receptive_field else None
            yield {
                "architecture": name,
                "size": size,
                "family": models.get_model_builder(name).__module__.rpartition(".")[2],
                **{each: field if each == "receptive_field" else getattr(totals, each) for each in COSTS},
            }


if __name__ == "__main__":
    main()
