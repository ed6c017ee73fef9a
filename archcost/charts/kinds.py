"""The table of charts. A chart's file, and with it matplotlib, is imported when the chart is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Data: TypeAlias = Literal[
    "accuracies",
    "timed accuracies",
    "times",
    "memory curves",
    "time curves",
    "allocation curves",
    "power curves",
    "reports",
    "timed reports",
    "timelines",
    "winners",
]

MEASURED_CURVES: tuple[Data, ...] = ("time curves", "allocation curves", "power curves")
FREE: tuple[Data, ...] = ("winners", *MEASURED_CURVES)  # data that may be asked for without naming networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of chart.

    `file` is the module of charts whose `draw(canvas, data, **options)` draws it, with `fixed` among the options.
    `data` names the type of its data: "accuracies", "timed accuracies" and "times" are a `Comparison`, "memory curves"
    and `MEASURED_CURVES` a sequence of `Curve`, "reports", "timed reports" and "timelines" a sequence of `Report`,
    "winners" a sequence of `Winner`.
    """

    name: str
    text: str
    file: str
    data: Data
    fixed: Mapping[str, str] = field(default_factory=dict)


def _build_kind(name: str, text: str, file: str, data: Data, **fixed: str) -> Kind:
    return Kind(name=name, text=text, file=file, data=data, fixed=fixed)


_ALL = (
    _build_kind(
        "accuracy-flops", "top-1 accuracy against multiply-adds; area by parameters", "balls", "accuracies", x="macs"
    ),
    _build_kind(
        "accuracy-params", "top-1 accuracy against parameters; area by multiply-adds", "balls", "accuracies", x="params"
    ),
    _build_kind("accuracy-time", "top-1 accuracy against measured time", "balls", "timed accuracies", x="seconds"),
    _build_kind(
        "accuracy-rate",
        "top-1 accuracy against measured images a second; area by multiply-adds",
        "balls",
        "timed accuracies",
        x="rate",
    ),
    _build_kind("accuracy", "top-1 accuracy", "density", "accuracies", subject="top1"),
    _build_kind("accuracy-year", "the best top-1 accuracy within budgets, by year", "years", "accuracies"),
    _build_kind("density", "top-1 accuracy for each million parameters", "density", "accuracies", subject="density"),
    _build_kind("flops-time", "multiply-adds against measured time", "balls", "times", x="seconds", y="macs"),
    _build_kind("memory-batch", "peak memory against the batch size", "curves", "memory curves", subject="memory"),
    _build_kind(
        "time-batch", "measured time of an image against the batch size", "curves", "time curves", subject="time"
    ),
    _build_kind(
        "allocation-batch",
        "measured peak memory against the batch size",
        "curves",
        "allocation curves",
        subject="allocation",
    ),
    _build_kind("power-batch", "measured power against the batch size", "curves", "power curves", subject="power"),
    _build_kind("layers", "memory, parameters and multiply-adds of each layer", "layers", "reports"),
    _build_kind("roofline", "the rows of a timed network under the roof of its device", "roofline", "timed reports"),
    _build_kind("memory-timeline", "what is alive while a network runs", "timeline", "timelines"),
    _build_kind("block", "worked examples: multiply-adds with their arithmetic", "blocks", "reports"),
    _build_kind("error-year", "error and depth of the ImageNet challenge's winners", "history", "winners"),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})


def find_kind(name: str) -> Kind:
    """Return the kind of chart with a name.

    Raises:
        ArgumentError: no kind has this name.
    """
    if name not in KINDS:
        hint = closest(name, KINDS, f"there are {', '.join(KINDS)}")
        raise ArgumentError(f"there is no chart {name!r}; {hint}")
    return KINDS[name]


def _list_kinds(*data: Data) -> tuple[str, ...]:
    """Return the names of the kinds that are drawn from some data."""
    return tuple(kind.name for kind in _ALL if kind.data in data)


COMPARED = _list_kinds("accuracies", "timed accuracies", "times")
# The kinds that take each further option of the command line: most options belong to the data, the others to `draw`.
OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "labels": tuple(kind.name for kind in _ALL if kind.file == "balls"),
        "dataset": _list_kinds("accuracies", "timed accuracies"),
        "train": _list_kinds("memory curves", "timelines"),
        "like": _list_kinds("memory curves", "timelines"),
        "batches": _list_kinds("memory curves"),
        "times": _list_kinds("timed accuracies", "times", *MEASURED_CURVES),
        "input": _list_kinds("memory curves", "reports", "timed reports", "timelines"),
        "device": _list_kinds("timed reports"),
        "highlight": tuple(kind.name for kind in _ALL if kind.file in {"balls", "curves", "density"}),
        "free-scales": ("layers",),
        "first": ("block",),
        **dict.fromkeys(("where", "pareto", "limit", "pretraining", "device-name"), COMPARED),
    }
)


def check_option(name: str, option: str, *, given: bool, spelled: str | None = None) -> None:
    """Check that a kind of chart takes a given option; `spelled` is the option's name in Python.

    Raises:
        ArgumentError: the kind does not take it, or no kind has this name.
    """
    if given and find_kind(name).name not in OPTIONS[option]:
        raise ArgumentError(f"{spelled or f'--{option}'} belongs to {', '.join(OPTIONS[option])}, not to {name}")


def check_highlight(names: Iterable[str], data: Any) -> None:
    """Check that a chart shows the networks to highlight.

    Raises:
        ArgumentError: the chart does not show one of them.
    """
    shown = {
        name for row in getattr(data, "rows", data) for name in (getattr(row, "spec", ""), getattr(row, "name", ""))
    }
    for name in names:
        if name not in shown:
            hint = closest(name, shown - {""}, f"it shows {', '.join(sorted(shown - {''}))}")
            raise ArgumentError(f"--highlight {name}: the chart does not show it; {hint}")
