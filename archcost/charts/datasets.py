"""One data set for one axis: an accuracy for CIFAR-10 says nothing beside one for ImageNet."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.records import Accuracy, Comparison


def find_dataset(figures: Iterable[Accuracy | None]) -> str:
    """Return the data set that most figures are for; of several, the first."""
    counts = Counter(figure.dataset for figure in figures if figure)
    return max(counts, key=counts.__getitem__, default="ImageNet")


def keep_dataset(data: Comparison) -> tuple[Comparison, str]:
    """Return the networks of the data set that most have an accuracy for, and the sentence that names the others."""
    known = [row for row in data.rows if row.accuracy and row.accuracy.top1 is not None]
    dataset = find_dataset(row.accuracy for row in known)
    kept = tuple(row for row in known if row.accuracy and row.accuracy.dataset == dataset)
    others = Counter(row.accuracy.dataset for row in known if row.accuracy and row.accuracy.dataset != dataset)
    return replace(data, rows=kept), spell_others(others)


def spell_others(counts: Counter[str]) -> str:
    """Return the sentence that names networks of other data sets: an axis has one."""
    parts = [f"{count} {'network' if count == 1 else 'networks'} of {name}" for name, count in counts.items()]
    return f"Left out: {' and '.join(parts)}" if parts else ""


def cite_accuracies(data: Comparison) -> str:
    """Return what accuracies are for, how they were measured, and where they are from."""
    return f"Accuracy on {find_dataset(row.accuracy for row in data.rows)}: {data.origin}"
