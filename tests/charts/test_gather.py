"""The data of charts, and the reasons for omissions."""

import pytest

from archcost.charts.gather import gather
from archcost.charts.presets import PRESETS, find_preset
from archcost.charts.request import Request
from archcost.comparison.accuracy import find_accuracy, read_published
from archcost.errors import ArgumentError, TableError
from archcost.records import MeasuredTime
from archcost.sources import resolve
from archcost.sources.selection import select


def timed(network, batch, seconds, **known):
    return MeasuredTime(network=network, batch=batch, seconds=seconds, **known)


def lost(chart):
    return {each.spec: each.reason for each in chart.left_out}


def test_networks_without_a_figure_are_left_out_unwalked_and_named():
    chart = gather("accuracy-flops", Request(specs=("squeezenet1_0", "alexnet_lecture", "plain34"), jobs=1))
    assert [row.spec for row in chart.data.rows] == ["squeezenet1_0"]
    assert lost(chart) == {
        "alexnet_lecture": "no single-crop top-1 accuracy at its input is known; alexnet_grouped, alexnet_owt have "
        "one: --accuracy-of alexnet_lecture=alexnet_grouped takes it",
        "plain34": "no single-crop top-1 accuracy at its input is known; there is 10-crop at 224",
    }


def test_a_figure_at_another_input_does_not_count():
    chart = gather("accuracy-flops", Request(specs=("mobilenet_v1_0.25@96", "squeezenet1_0"), jobs=1))
    assert [row.spec for row in chart.data.rows] == ["squeezenet1_0"]
    assert "single-crop at 224" in lost(chart)["mobilenet_v1_0.25@96"]


def test_datasets_do_not_mix():
    chart = gather("density", Request(specs=("squeezenet1_0", "cifar_resnet20", "mobilenet_v3_small"), jobs=1))
    assert lost(chart) == {"cifar_resnet20": "its accuracy is for CIFAR-10, the chart's for ImageNet"}


def test_at_least_forty_networks_have_a_place_in_the_chart_of_all():
    specs = select((), everything=True, variants=False)
    shown = [
        spec
        for spec in specs
        if find_accuracy(
            spec, read_published(), protocol="single-crop", side=resolve(spec).inputs[0].shape[-1], dataset="ImageNet"
        )
    ]
    assert len(shown) >= 40


def test_times_are_asked_for_where_they_are_an_axis():
    for kind in ("accuracy-time", "flops-time", "time-batch"):
        with pytest.raises(ArgumentError, match="give --times FILE"):
            gather(kind, Request(specs=("squeezenet1_0",)))
    chart = gather("flops-time", Request(specs=("lenet5", "lenet_caffe"), times=(timed("lenet5", 1, 0.1),), jobs=1))
    assert [row.seconds for row in chart.data.rows] == [0.1]
    assert lost(chart) == {"lenet_caffe": "no measured time at a batch of 1 is given"}


def test_time_curves_are_of_one_image():
    times = (timed("a", 8, 0.04), timed("a", 1, 0.01), timed("b", 1, 0.02))
    (curve,) = gather("time-batch", Request(specs=("a",), times=times)).data
    assert curve.points == ((1, 0.01), (8, 0.005))
    assert [each.name for each in gather("time-batch", Request(times=times)).data] == ["a", "b"]


def test_time_curves_have_the_titles_of_what_is_here():
    times = (timed("resnet18", 1, 0.01), timed("some other program", 1, 0.02))
    curves = gather("time-batch", Request(times=times)).data
    assert [curve.name for curve in curves] == ["ResNet-18", "some other program"]


def test_times_of_two_devices_are_two_lines_and_do_not_stand_in_one_chart_of_balls():
    times = tuple(timed("resnet18", batch, 0.1 * batch, place=place) for batch in (1, 2) for place in ("CPU", "GPU"))
    curves = gather("time-batch", Request(times=times)).data
    assert [(curve.name, [batch for batch, _ in curve.points]) for curve in curves] == [
        ("ResNet-18, CPU", [1, 2]),
        ("ResNet-18, GPU", [1, 2]),
    ]
    apart = (timed("lenet5", 1, 0.1, place="CPU"), timed("resnet18", 1, 0.1, place="GPU"))
    with pytest.raises(TableError, match="several devices: CPU and GPU; they do not compare"):
        gather("flops-time", Request(specs=("lenet5", "resnet18"), times=apart))


def test_memory_is_walked_at_every_batch():
    import archcost

    chart = gather("memory-batch", Request(specs=("lenet5", "nosuch"), batches=(1, 4), train="adam", jobs=1))
    (curve,) = chart.data
    expected = archcost.profile("lenet5", train="adam", batch=4).totals.peak_training_bytes
    assert curve.points[-1] == (4, expected)
    assert chart.options == {"remark": "training with adam"}
    # a loop over the parameters, as on the CPU, creates other tensors than all updates at once
    peaks = [
        gather("memory-batch", Request(specs=("alexnet",), batches=(1,), train="adam", like=like)).data[0].points[0][1]
        for like in ("cuda", "cpu")
    ]
    assert peaks[0] != peaks[1] == archcost.profile("alexnet", train="adam", like="cpu").totals.peak_training_bytes
    assert list(lost(chart)) == ["nosuch"]


def test_the_winners_are_in_order_and_take_no_network():
    winners = gather("error-year", Request()).data
    assert [winner.year for winner in winners] == sorted(winner.year for winner in winners)
    assert {winner.network: winner.depth for winner in winners} | {"ResNet": 152, "GoogLeNet": 22, "AlexNet": 8} == {
        winner.network: winner.depth for winner in winners
    }
    with pytest.raises(ArgumentError, match="takes no network"):
        gather("error-year", Request(specs=("vgg16",)))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_networks_that_exist(name):
    assert all(resolve(spec) for spec in find_preset(name).networks)


def test_the_networks_of_the_comparison_paper_all_have_a_figure():
    preset = find_preset("canziani-2016")
    for spec in preset.networks:
        side = resolve(spec).inputs[0].shape[-1]
        assert find_accuracy(spec, read_published(), protocol="single-crop", side=side), spec
    assert {each.spec for each in preset.missing} == {"BN-AlexNet", "BN-NIN", "ENet"}


def test_an_unknown_preset_is_refused():
    with pytest.raises(ArgumentError, match="did you mean canziani-2016"):
        find_preset("canziani")
