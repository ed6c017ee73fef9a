"""Small comparisons and reports that charts are drawn from."""

import pytest

import archcost
from archcost.accuracy import COLLECTED
from archcost.records import Accuracy, Comparison, ComparisonRow


def row(name, macs, params, top1, *, family="ResNet", seconds=None):
    figure = Accuracy(
        networks=(name,),
        dataset="ImageNet",
        top1_error=100 - top1,
        top5_error=None,
        protocol="single-crop",
        split="validation",
        side=224,
        weights="",
        source="a test",
    )
    return ComparisonRow(
        spec=name,
        name=name,
        family=family,
        input=(3, 224, 224),
        params=params,
        macs=macs,
        activation_elements=1,
        macts=1,
        peak_inference_bytes=1,
        depth=1,
        accuracy=figure,
        seconds=seconds,
    )


def comparison(*rows):
    return Comparison(rows=rows, protocol="single-crop", collected=COLLECTED)


@pytest.fixture
def three():
    """One network beats another; the third costs more and is better."""
    return comparison(
        row("small", 10**9, 5 * 10**6, 70, seconds=0.01),
        row("beaten", 2 * 10**9, 140 * 10**6, 65, family="VGG", seconds=0.04),
        row("large", 4 * 10**9, 25 * 10**6, 76, family="Inception-v3", seconds=0.02),
    )


@pytest.fixture(scope="session")
def everything():
    """Every network of the zoo that has a figure, at most one minute's worth: each is walked once for all tests."""
    from archcost.charts import Request, gather
    from archcost.selection import select

    specs = select((), everything=True, variants=False)
    return gather("accuracy-flops", Request(specs=specs)).data


@pytest.fixture(scope="session")
def reports():
    """What the charts of layers, blocks and timelines are drawn from."""
    blocks = [archcost.profile(name) for name in ("inception_naive", "inception_reduced")]
    return {
        "layers": [archcost.profile("vgg16")],
        "block": blocks,
        "memory-timeline": [archcost.profile("squeezenet1_1", train="adam", timeline=True)],
    }
