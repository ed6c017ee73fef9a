"""One data set for each axis: accuracies for CIFAR-10 and for ImageNet do not compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.records import Accuracy, Comparison


def find_dataset(figures: Iterable[Accuracy | None]) -> str:
    """Return the data set with the most figures; the first if several have as many."""
    counts = Counter(figure.dataset for figure in figures if figure)
    return max(counts, key=counts.__getitem__, default="ImageNet")


def keep_dataset(data: Comparison) -> tuple[Comparison, str]:
    """Return the networks of the most common data set, and the sentence that names the others."""
    known = [row for row in data.rows if row.accuracy and row.accuracy.top1 is not None]
    dataset = find_dataset(row.accuracy for row in known)
    kept = tuple(row for row in known if row.accuracy and row.accuracy.dataset == dataset)
    others = Counter(row.accuracy.dataset for row in known if row.accuracy and row.accuracy.dataset != dataset)
    return replace(data, rows=kept), spell_others(others)


def spell_others(counts: Counter[str]) -> str:
    """Return the sentence that names networks of other data sets, which an axis cannot show."""
    parts = [f"{count} {'network' if count == 1 else 'networks'} of {name}" for name, count in counts.items()]
    return f"Left out: {' and '.join(parts)}" if parts else ""


def cite_accuracies(data: Comparison) -> str:
    """Return the data set, the protocol and the sources of accuracies."""
    return f"Accuracy on {find_dataset(row.accuracy for row in data.rows)}: {data.origin}"
