"""Statistics of groups of published networks: rank correlations and best accuracies, by arithmetic."""

import json

import pytest

from archcost.cli import run
from archcost.comparison.choosing import Choice
from archcost.comparison.published import read_published_networks
from archcost.comparison.survey import compute_bound, correlate_ranks, count_swapped, read_bytes, survey
from archcost.errors import ArgumentError


def find(model, size=224):
    return next(each for each in read_published_networks() if (each.model, each.size) == (model, size))


def test_a_rank_correlation_is_spearmans():
    """1 - 6 sum d^2 / (n (n^2 - 1)): ranks 1 2 3 4 5 and 2 1 4 3 5 differ by 1 four times, 1 - 24 / 120."""
    assert correlate_ranks([1, 2, 3, 4, 5], [20, 10, 400, 300, 5000]) == pytest.approx(0.8)
    assert correlate_ranks([1, 2, 3], [9, 8, 7]) == pytest.approx(-1)
    assert correlate_ranks([1, 1, 1], [1, 2, 3]) is None


def test_equal_values_share_their_ranks():
    """Ranks 1.5 1.5 3 and 1 2 3, less 2: (0.5 * 1 + 0 + 1) over the root of (0.25 + 0.25 + 1) * 2."""
    assert correlate_ranks([5, 5, 7], [1, 2, 3]) == pytest.approx(1.5 / 3**0.5)


def test_pairs_in_the_wrong_order_are_a_share_of_those_that_both_order():
    assert count_swapped([1, 2, 4], [1, 3, 2]) == pytest.approx(1 / 3)
    assert count_swapped([1, 1, 2], [1, 2, 0]) == 1  # the equal pair is left out
    assert count_swapped([1, 2, 8], [3, 2, 1], within=2) == 1
    assert count_swapped([1, 2, 8], [2, 3, 1], within=2) == 0  # 8 is more than twice the others


def test_the_parameters_are_read_once_a_batch():
    found = find("resnet50.a1_in1k")
    sample, totals = found.samples["rtx4090"], found.totals
    expected = totals.read_bytes + totals.written_bytes - totals.param_bytes * (sample.batch - 1) / sample.batch
    assert read_bytes(found, "rtx4090") == pytest.approx(expected)
    assert found.samples["i7-12700h"].batch == 1
    assert read_bytes(found, "i7-12700h") == totals.read_bytes + totals.written_bytes


def test_the_bound_is_the_larger_of_two_times():
    """165.2 Tflop/s and 1,008 GB/s on the RTX 4090, by half of float32's bytes; the CPU's datasheet is unknown."""
    found = find("resnet50.a1_in1k")
    arithmetic, moving = 2 * 4_089_184_256 / 165.2e12, read_bytes(found, "rtx4090") / 2 / 1008e9
    assert compute_bound(found, "rtx4090") == pytest.approx(max(arithmetic, moving))
    assert compute_bound(found, "i7-12700h") is None


def test_times_are_surveyed_by_device_and_by_family():
    by_device = survey("time", ["timm:resnet*"], choice=Choice()).groups
    assert {group.name for group in by_device} >= {"rtx4090", "i7-12700h"}
    *families, everything = survey("time", ["timm:*"], by="family", device="rtx4090", choice=Choice()).groups
    rates = [group.figures["rate"] for group in families]
    assert rates == sorted(rates, reverse=True)
    inputs = {(each.architecture, each.size) for each in read_published_networks() if "rtx4090" in each.samples}
    assert (everything.name, everything.networks) == ("all", len(inputs))


def test_the_best_within_a_budget_costs_no_more():
    (group,) = survey("accuracy", ["torchvision:resnet*"], by="library", choice=Choice()).groups
    members = [each for each in read_published_networks() if each.spec.startswith("torchvision:resnet")]
    assert group.networks == len(members)
    assert group.figures["1e+09"] is None  # ResNet-18 takes 1.8 G
    assert group.figures["2e+09"] == 69.758
    assert group.figures["4e+09"] == max(each.top1 for each in members if each.totals.macs <= 4e9)


def test_a_year_has_the_best_of_all_architectures_published_by_its_end():
    found = survey("accuracy", ["torchvision:*"], by="year", choice=Choice(pretraining="in1k"))
    networks = [each for each in read_published_networks() if each.library == "torchvision"]
    members = [each for each in networks if each.pretraining == "in1k"]
    assert [group.name for group in found.groups] == [str(year) for year in range(2014, 2023)]
    for group in found.groups:
        known = [each for each in members if each.year <= int(group.name)]
        assert group.networks == len(known)
        assert group.figures["4e+09"] == max(each.top1 for each in known if each.totals.macs <= 4e9)
    assert len(found.notes) == 1  # each of them has a year


def test_networks_without_a_year_are_counted():
    found = survey("accuracy", ["timm:resnet*"], by="year", choice=Choice(pretraining="in1k"))
    assert found.notes[-1].endswith("because no paper is known for their architecture: resnet51q, resnet61q.")
    with pytest.raises(ArgumentError, match=r"no paper is known for the architectures of timm:test_vit\*; leave"):
        survey("accuracy", ["timm:test_vit*"], by="year", choice=Choice())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tim"], "'tim' cannot be surveyed; did you mean time?"),
        (["time", "--by", "pretraining"], "time is surveyed by device or family"),
        (["accuracy", "--by", "yeer"], "--by yeer: did you mean year?"),
        (["time", "--by", "family"], "--by family takes --device-name: rtx3090"),
        (["time", "--device-name", "rtx4080"], "no throughputs were published for 'rtx4080'; did you mean rtx4090"),
        (["accuracy", "vgg16"], "vgg16: a survey takes published networks"),
        (["accuracy", "timm:resnet51"], "no figures were published for 'timm:resnet51'; did you mean"),
        (["accuracy", "--where", "mac < 3"], "there is no 'mac'; did you mean macs"),
        (["accuracy", "--pretraining", "in1"], "--pretraining in1: did you mean in1k"),
    ],
)
def test_what_cannot_be_surveyed_is_refused(arguments, said, capsys):
    assert run(["survey", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_its_data_have_every_group(capsys):
    assert run(["survey", "accuracy", "torchvision:*", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["subject"], found["by"]) == ("archcost.survey/1", "accuracy", "pretraining")
    assert {group["pretraining"] for group in found["groups"]} == {"in1k", "instagram"}


def test_a_choice_that_leaves_nothing_surveys_nothing():
    with pytest.raises(ArgumentError, match="no published network meets"):
        survey("accuracy", ["timm:*"], choice=Choice(where="top1 > 99"))
