"""gather(kind, specs) -> Chart: what a chart is drawn from, and which networks have no place in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archcost.accuracy import accuracy_of, protocols_of, published
from archcost.comparison import compare
from archcost.errors import ArgumentError, closest
from archcost.records import Missing
from archcost.render.plots import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.records import Accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A chart that was published: its kind, its networks, how it is drawn, and what of it cannot be had."""

    kind: str
    networks: tuple[str, ...]
    options: Mapping[str, Any]
    missing: tuple[Missing, ...] = ()


# arXiv 1605.07678, figure 2: one central crop, operations at two for each multiply-add, on a linear axis
PRESETS: Mapping[str, Preset] = {
    "canziani-2016": Preset(
        kind="accuracy-flops",
        networks=(
            "alexnet_owt",
            "googlenet",
            "resnet18",
            "resnet34",
            "resnet50_v1.5",
            "resnet101_v1.5",
            "resnet152_v1.5",
            "vgg16",
            "vgg19",
            "inception_v3",
            "inception_v4",
        ),
        options={
            "labels": "all",
            "linear": True,
            "doubled": True,
            "limits": (0.0, 44.0, 50.0, 85.0),
            "title": "Top-1 accuracy against operations, after Canziani et al. 2016",
        },
        missing=tuple(
            Missing(spec=name, reason="it is in the paper's figure, but not in the zoo")
            for name in ("BN-AlexNet", "BN-NIN", "ENet")
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What `archcost.render.plots.draw` takes: the kind, its data and options; and the networks that were left out."""

    kind: str
    data: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[Missing, ...] = ()


def preset_of(name: str) -> Preset:
    """Return the preset of a name.

    Raises:
        ArgumentError: there is none.
    """
    if name not in PRESETS:
        hint = closest(name, PRESETS, f"there are {', '.join(PRESETS)}")
        raise ArgumentError(f"there is no preset {name!r}; {hint}")
    return PRESETS[name]


def gather(
    kind: str,
    specs: Sequence[str],
    *,
    protocol: str = "single-crop",
    accuracies: Sequence[Accuracy] = (),
    seconds: Mapping[str, float] | None = None,
    jobs: int | None = None,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> Chart:
    """Put together what a chart is drawn from.

    Args:
        kind: the kind of chart.
        specs: the networks.
        protocol: how accuracies were measured.
        accuracies: a user's own figures, which go before the published ones.
        seconds: measured times by spec.
        jobs: processes; None for as many as help.
        progress: called with each spec when it is done.
        options: as for `archcost.profile`.

    Raises:
        ArgumentError: an unknown kind or protocol.
    """
    kind_of(kind)
    table = (*accuracies, *published())
    figures = {spec: accuracy_of(spec, table, protocol=protocol, side=None) for spec in specs}
    datasets = Counter(figure.dataset for figure in figures.values() if figure)
    dataset = max(datasets, key=lambda name: datasets[name], default="ImageNet")
    shown = [spec for spec, figure in figures.items() if figure and figure.dataset == dataset]
    found = compare(
        shown, protocol=protocol, accuracies=accuracies, seconds=seconds, jobs=jobs, progress=progress, **options
    )
    silent = {row.spec for row in found.rows if row.accuracy is None or row.accuracy.top1 is None}
    silent |= {spec for spec, figure in figures.items() if figure is None}
    odd = [
        Missing(spec=spec, reason=f"its accuracy is for {figure.dataset}, the chart's for {dataset}")
        for spec, figure in figures.items()
        if figure and figure.dataset != dataset
    ]
    lost = [Missing(spec=spec, reason=_why(spec, table, protocol)) for spec in specs if spec in silent]
    rows = tuple(row for row in found.rows if row.spec not in silent)
    return Chart(kind=kind, data=replace(found, rows=rows), left_out=(*found.failures, *lost, *odd))


def _why(spec: str, table: Sequence[Accuracy], protocol: str) -> str:
    others = protocols_of(spec, table)
    hint = f"there is {', '.join(others)}" if others else "--accuracy FILE adds yours"
    return f"no {protocol} top-1 accuracy at its input is known; {hint}"
