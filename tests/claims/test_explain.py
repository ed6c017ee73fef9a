"""The convention that gives a printed figure."""

import nets_decoder
import pytest
from nets_decoder import LINEAR, WIDTH, WORDS

import archcost
from archcost.claims import explain
from archcost.claims.measured import MeasuredPart
from archcost.claims.ways import yield_countings
from archcost.errors import ArgumentError, ClaimError
from archcost.sources import InputSpec

SQUARE = InputSpec(shape=(3, 224, 224))


def simplest(*arguments, **options):
    return explain(*arguments, jobs=1, **options).simplest


def test_the_stride_of_resnet_50_makes_the_difference():
    paper, ported = simplest("resnet50", "3.8G", inputs=[SQUARE]), simplest("resnet50", "4.1G", inputs=[SQUARE])

    assert (paper.spec, paper.value, paper.agreement) == ("resnet50", 3_857_973_248, "cut")
    assert (ported.spec, ported.value, ported.agreement) == ("resnet50_v1.5", 4_089_184_256, "rounded")
    assert ported.command == "archcost profile resnet50_v1.5"


def test_twice_the_multiply_adds():
    way = simplest("vgg16", "30.9G", inputs=[SQUARE])

    assert (way.convention, way.value) == ("2 x multiply-adds", 2 * 15_470_264_320)
    assert way.difference == way.value - 30.9e9


def test_convolutions_alone():
    assert simplest("vgg16", "15.3G", inputs=[SQUARE]).convention == "multiply-adds, convolutions alone"


def test_parameters_with_and_without_the_classifier():
    assert simplest("googlenet", "7M", "parameters").convention == "all parameters"
    assert simplest("googlenet", "5M", "parameters") is None  # 5,973,552 without the classifier, cut: 19 % off
    assert simplest("googlenet", "5.9M", "parameters").convention == "without the classifier"
    assert simplest("googlenet", "13.4M", "parameters").spec == "googlenet_aux"


def test_memory_in_steps_of_1024():
    way = simplest("vgg16", "58MB", "memory", inputs=[SQUARE])

    assert way.convention == "activations: the input and every new tensor, in steps of 1024"
    assert way.value == pytest.approx(60_950_432 / 1.024**2)


PARAMS, ATTENTION = LINEAR + WORDS * WIDTH, 32 * 128 * 128  # the embedding table is not multiplied


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (2 * PARAMS, "2N of a token, N all parameters"),
        (2 * 128 * LINEAR, "2ND of 128 tokens, N without the tables of words"),
        (6 * 128 * PARAMS, "training, 6ND of 128 tokens, N all parameters"),
        (6 * (128 * PARAMS + ATTENTION), "training, 6ND of 128 tokens, N all parameters, with attention"),
        (2 * (128 * LINEAR + ATTENTION), "2 x multiply-adds"),
    ],
)
def test_what_people_quote_of_a_language_model(figure, words):
    assert simplest(f"{nets_decoder.__file__}:Decoder", str(figure)).convention == words


def test_a_figure_that_no_convention_gives_has_its_published_explanation():
    found = explain("vgg16", "96MB", "memory", inputs=[SQUARE], jobs=1)

    assert found.simplest is None
    assert all(way.agreement is None for way in found.ways)
    assert [claim.explained_by for claim in found.published] == ["4 * 24e6"]


def test_another_size_is_found():
    assert simplest("squeezenet1_0", "833M").spec == "squeezenet1_0@227"


def test_at_most_ten_each_value_once_and_those_that_agree_first_the_nearest_before_the_others():
    found = explain("resnet50", "4.1G", inputs=[SQUARE], jobs=1)
    order = [(way.agreement is None, abs(way.difference)) for way in found.ways]

    assert len(found.ways) == 10
    assert len({way.value for way in found.ways}) == 10
    assert order == sorted(order)
    assert found.searched > 100


def test_the_simplest_that_agrees_is_shown_however_many_are_nearer():
    found = explain("resnet50", "4.1G", inputs=[SQUARE], jobs=1, most=3)

    assert found.ways[-1] == found.simplest
    assert abs(found.ways[0].difference) < 1e6 < abs(found.simplest.difference)
    assert found.simplest.deviations < min(way.deviations for way in found.ways[:-1])


def test_those_that_do_not_agree_follow_the_nearest_first():
    found = explain("resnet50", "3.8G", inputs=[SQUARE], jobs=1, most=100)
    agreed = [way.agreement is not None for way in found.ways]
    others = [abs(way.difference) for way in found.ways if way.agreement is None]

    assert True in agreed
    assert False in agreed
    assert agreed == sorted(agreed, reverse=True)
    assert others == sorted(others)


def test_networks_of_ones_own_are_explained(tmp_path):
    path = tmp_path / "own.py"
    path.write_text("from torch import nn\n\ndef build():\n    return nn.Conv2d(3, 8, 3, padding=1)\n")

    way = simplest(f"{path}:build", "21.7M", inputs=[SQUARE])

    assert way.convention == "2 x multiply-adds"
    assert way.value == 2 * 3 * 8 * 9 * 224 * 224


def test_mistakes():
    with pytest.raises(ArgumentError, match="not a figure"):
        explain("vgg16", "many")
    with pytest.raises(ClaimError, match="lenet5"):
        explain("lenet5@5", "1M", jobs=1)


def test_the_ways_of_counting_add_up():
    report = archcost.profile("squeezenet1_1@64")
    part = MeasuredPart.of(report)
    ways = {way.words: way.value for way in yield_countings("operations", part)}
    everything = (
        "multiply-adds; also bias additions, normalisation, activation functions, pooling, other elementwise operations"
    )

    assert ways["multiply-adds"] == report.totals.macs
    assert ways["2 x multiply-adds"] == 2 * report.totals.macs
    assert ways[everything] == report.totals.macs + report.totals.macts + report.totals.other_ops
    assert {way.words for way in yield_countings("memory", part)} >= {"parameters", "parameters, 2 bytes each"}
