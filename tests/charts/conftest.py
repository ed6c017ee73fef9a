"""The data of charts, mostly assembled without a walk."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from render import reports, samples

import archcost
from archcost.charts import KINDS
from archcost.comparison.accuracy import COLLECTED, find_accuracy, read_published
from archcost.records import Accuracy, Comparison, ComparisonRow, Curve, MeasuredTime, Winner
from archcost.zoo import REGISTRY

COUNTS = Path(__file__).parents[1] / "zoo" / "counts.csv"


def row(name, macs, params, accuracy, *, family="ResNet", seconds=None, year=None):
    return ComparisonRow(
        spec=name,
        name=name,
        family=family,
        input=(3, 224, 224),
        totals=reports.totals(params=params, macs=macs),
        accuracy=accuracy,
        seconds=seconds,
        time=None if seconds is None else MeasuredTime(network=name, batch=1, seconds=seconds),
        year=year,
    )


def figure(top1):
    return Accuracy(
        networks=(),
        dataset="ImageNet",
        top1_error=100 - top1,
        top5_error=None,
        protocol="single-crop",
        split="validation",
        side=224,
        weights="",
        source="",
    )


def comparison(*rows):
    return Comparison(rows=rows, protocol="single-crop", collected=COLLECTED)


@pytest.fixture
def three():
    """Return three networks: one beats another; the third costs more and is better."""
    return comparison(
        row("small", 10**9, 5 * 10**6, figure(70), seconds=0.01),
        row("beaten", 2 * 10**9, 140 * 10**6, figure(65), family="VGG", seconds=0.04),
        row("large", 4 * 10**9, 20 * 10**6, figure(76), family="Inception-v3", seconds=0.02),
    )


@pytest.fixture(scope="session")
def everything():
    """Return every ordinary network of the zoo that has an accuracy, with the costs that the zoo's tests verify."""
    with COUNTS.open(encoding="utf-8") as file:
        counts = {line["id"]: line for line in csv.DictReader(file)}
    rows = []
    for entry in REGISTRY:
        found = find_accuracy(
            entry.id, read_published(), protocol="single-crop", side=entry.input[-1], dataset="ImageNet"
        )
        if found and found.top1 and entry.variant_of is None and entry.id in counts:
            macs, params = (int(counts[entry.id][name]) for name in ("macs", "params"))
            year = entry.paper.first_year
            rows.append(row(entry.id, macs, params, found, family=entry.family, seconds=macs / 10**12, year=year))
    return comparison(*rows)


def under_the_roof():
    """Return rows of several intensities, near each other and far below the roof."""
    rows = [samples.row(f"block.{i}.conv", 100 * i, macs=10**5 * i**2, moved=10**5) for i in range(1, 9)]
    return replace(samples.layers(), rows=tuple(rows))


@pytest.fixture(scope="session")
def data(everything):
    """Return the data of each kind of chart."""
    timed = [Curve(name=name, points=((1, 0.004), (8, 0.001))) for name in ("one", "two")]
    winners = [
        Winner(
            year=2012 + i, network=f"Net {i}", top5_error=15 - 3 * i, depth=8 * 4**i, place=1, protocol="", source="a"
        )
        for i in range(3)
    ]
    memory = [
        Curve(name="a", points=((1, 10**8), (64, 10**9))),
        Curve(name="b", points=((1, 10**8), (64, 10**10))),
    ]
    usual = {
        **dict.fromkeys(("accuracies", "timed accuracies", "times"), everything),
        **dict.fromkeys(("memory curves", "allocation curves"), memory),
        "time curves": timed,
        "power curves": [Curve(name=name, points=((1, 210.0), (8, 340.0))) for name in ("one", "two")],
        "reports": [archcost.profile("vgg16")],
        "timelines": [archcost.profile("squeezenet1_1", train="adam", timeline=True)],
        "timed reports": [replace(reports.branched(), measured=samples.sample(layers=under_the_roof()))],
        "winners": winners,
    }
    blocks = [archcost.profile(name) for name in ("inception_naive", "inception_reduced")]
    return {name: usual[kind.data] for name, kind in KINDS.items()} | {"block": blocks}
