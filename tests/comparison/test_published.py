"""timm's published networks: figures looked up by hand in its tables, costs counted again."""

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest
from peer_packages import peer

from archcost.charts.gather import gather
from archcost.charts.request import Request
from archcost.cli import run
from archcost.comparison.accuracy import read_published as read_accuracies_of_papers
from archcost.comparison.alternatives import (
    build_candidate,
    find_alternatives,
    find_published,
    parse_limits,
    read_limit,
)
from archcost.comparison.choosing import Choice, choose_shipped
from archcost.comparison.compare import compare
from archcost.comparison.published import (
    FOLDER,
    QUANTITIES,
    find_device,
    find_pretraining,
    read_conditions,
    read_published_networks,
    select_published,
)
from archcost.errors import ArgumentError, UnknownNetworkError
from archcost.profiling.profile import profile

# results/results-imagenet.csv, results-imagenet-real.csv and benchmark-infer-amp-nchw-pt291-cu128-4090.csv
BY_HAND = {
    ("resnet50.a1_in1k", 224): (80.382, 94.598, 85.712, 4302.84),
    ("resnet50.a1_in1k", 288): (81.240, 95.112, 86.579, 2631.02),
    ("convnext_tiny.fb_in1k", 224): (82.066, 95.854, 87.309, 4814.88),
    ("convnext_tiny.fb_in1k", 288): (82.694, 96.144, 87.762, 2919.6),
    ("vit_base_patch16_224.augreg_in1k", 224): (79.154, 94.108, 84.388, 2992.79),
    ("mobilenetv3_large_100.ra_in1k", 224): (75.784, 92.528, 82.168, 14586.41),
    ("vgg16.tv_in1k", 224): (71.594, 90.398, 79.029, 2235.61),
    ("efficientnet_b4.ra2_in1k", 384): (83.468, 96.574, 88.381, 1198.13),
    ("levit_384.fb_dist_in1k", 224): (82.6, 96.02, 87.565, 8114.78),
    ("tiny_vit_21m_224.in1k", 224): (83.268, 96.602, 88.163, 3790.67),
    # torchvision's weights: resnet.py and vision_transformer.py; it publishes neither ReaL accuracies nor throughputs
    ("resnet50.IMAGENET1K_V1", 224): (76.13, 92.862, None, None),
    ("resnet50.IMAGENET1K_V2", 224): (80.858, 95.434, None, None),
    ("vit_b_16.IMAGENET1K_SWAG_E2E_V1", 384): (85.304, 97.65, None, None),
}
REPORT = Path(__file__).parents[2] / "reports" / "published.md"


def network(model, size):
    return next(each for each in read_published_networks() if (each.model, each.size) == (model, size))


@pytest.mark.parametrize(("model", "size"), BY_HAND)
def test_figures_are_those_of_timms_tables(model, size):
    top1, top5, real1, per_second = BY_HAND[model, size]
    found = network(model, size)

    assert (found.top1, found.top5, found.real1) == (top1, top5, real1)
    assert (found.samples["rtx4090"].per_second if found.samples else None) == per_second


@pytest.mark.parametrize(("model", "size"), BY_HAND)
def test_compare_plot_and_alternatives_say_the_same(model, size):
    top1, top5, _, per_second = BY_HAND[model, size]
    spec, choice = network(model, size).spec, Choice(device="rtx4090", pretraining="any")
    (row,) = compare([spec], choice=choice).rows
    (ball,) = gather("accuracy-flops", Request(specs=(spec,), choice=choice)).data.rows

    assert (row.accuracy.top1, row.accuracy.top5, row.per_second, row.input[-1]) == (top1, top5, per_second, size)
    assert ball == row
    assert build_candidate(spec, ("macs",)).top1 == top1
    assert build_candidate(spec, ("macs",)).costs == {"macs": row.macs}


def test_the_page_says_the_same():
    lines = dict(re.findall(r"^\| `(timm:\S+)` \| (.*) \|$", REPORT.read_text(encoding="utf-8"), re.MULTILINE))
    shown = {(model, size): lines.get(f"timm:{model}@{size}") for model, size in BY_HAND}
    known = {key: line.split(" | ") for key, line in shown.items() if line}
    assert len(known) >= 2
    for key, cells in known.items():
        top1, top5, _, per_second = BY_HAND[key]
        assert {f"{top1:.1f}", f"{top5:.1f}", f"{per_second:.1f}"} <= set(cells)


def test_torchvisions_accuracies_are_those_of_the_table_of_accuracies():
    """archcost/data/accuracy.csv lists torchvision's weights beside the papers' figures."""
    figures = {
        (name, figure.weights.removeprefix("torchvision "), figure.side): (figure.top1, figure.top5)
        for figure in read_accuracies_of_papers()
        if figure.weights.startswith("torchvision ") and figure.protocol == "single-crop"
        for name in figure.networks
        if name.startswith("torchvision:")
    }
    shipped = {
        (f"torchvision:{each.architecture}", each.tag, each.size): (each.top1, each.top5)
        for each in read_published_networks()
        if each.library == "torchvision"
    }
    common = shipped.keys() & figures.keys()
    assert len(common) > 80
    assert {key for key in common if shipped[key] != figures[key]} == set()


def test_a_resnet_has_the_costs_that_everybody_counts():
    """ResNet-50 with its stride in the 3x3: 4.089 G multiply-adds at 224; 11,113,984 outputs of convolutions, 1,000."""
    found = network("resnet50.a1_in1k", 224).totals
    assert (found.params, found.macs, found.macts) == (25_557_032, 4_089_184_256, 11_114_984)


def test_every_row_has_its_costs_and_no_two_are_the_same():
    networks = read_published_networks()
    assert len(networks) == len({each.spec for each in networks}) > 1500
    assert all(each.totals.params > 0 and each.totals.macs > 0 and each.totals.layers > 0 for each in networks)
    assert all(0 < each.top1 <= each.top5 <= 100 for each in networks)


def pick(library, number):
    """Return evenly spaced samples of the networks that are fast to count."""
    small = sorted({(each.architecture, each.size): each for each in read_published_networks()
                    if each.library == library and each.totals.macs < 2e9}.items())  # fmt: skip
    return [each for _, each in small[:: len(small) // number]][:number]


@pytest.mark.peers
@pytest.mark.parametrize("found", [*pick("timm", 30), *pick("torchvision", 5)], ids=lambda found: found.spec)
def test_thirty_of_them_are_counted_again(found):
    """A failure means costs of an older archcost: `python -m benchmarks.published RESULTS` renews them.

    `python -m benchmarks.published_torchvision` renews torchvision's.
    """
    peer(found.library)
    assert profile(found.spec, device="meta,cpu").totals == found.totals


# multiply-adds that timm's counter, fvcore, leaves out
UNCOUNTED = {
    "convmixer": "convolutions with padding='same', which are operators of their own: 768 x 49 x 1,024 in each of 32",
    "sequencer2d": "LSTMs",
    "ghostnetv3": "branches that timm merges into one convolution before it counts",
}
# why fvcore's activations differ: the ones of UNCOUNTED, and outputs of products and filters outside of layers
OTHER_OUTPUTS = {
    "attention, whose scores and whose product with the values fvcore counts": (
        "bat_", "beit", "botnet", "caformer", "cait", "coat", "coatnet", "coatnext", "convit", "crossvit",
        "davit", "deit", "eca_botnext", "eca_halonext", "edgenext", "efficientformer",
        "efficientvit", "eva", "fastvit", "flexivit", "gcvit", "halo", "hiera", "lambda", "lamhalo", "levit",
        "maxvit", "maxxvit", "mobilenetv4_hybrid", "mobilevit", "mvitv2", "naflexvit", "nest", "nextvit", "pit_",
        "pvt_v2", "sebotnet", "sehalonet", "shvit", "swin", "test_vit", "tiny_vit", "tnt", "twins",
        "visformer", "vit_", "volo", "xcit",
    ),
    "filters that blur before a stride": ("densenetblur", "mobilenetv4_conv_blur", "resnetblur", "tresnet"),
    "products that mix the kernels of experts": ("tf_efficientnet_cc",),
}  # fmt: skip


def read_printed(column):
    """Return timm's own counts by architecture and size, in units of its columns."""
    printed = defaultdict(set)
    with (FOLDER / "timm" / "throughput.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row[column]:
                printed[row["model"], int(row["size"])].add(float(row[column]))
    return printed


def list_differing(column, read, agrees):
    """Return the architectures whose figure differs from all of timm's, and the number of compared ones."""
    printed = read_printed(column)
    ours = {(each.architecture, each.size): read(each.totals) for each in read_published_networks() if each.samples}
    common = ours.keys() & printed.keys()
    return {key[0] for key in common if not any(agrees(ours[key], each) for each in printed[key])}, len(common)


def test_timms_own_counts_agree_or_are_explained():
    """Timm uses fvcore, which adds normalisations and pools: up to 7 % more with depthwise convolutions."""
    differing, compared = list_differing(
        "gmacs",
        lambda totals: totals.macs / 1e9,
        lambda own, their: 0.93 * their - 0.005 <= own <= 1.002 * their + 0.005,
    )
    assert compared > 1100
    assert {name for name in differing if not name.startswith(tuple(UNCOUNTED))} == set()
    assert {name for name in UNCOUNTED if any(each.startswith(name) for each in differing)} == UNCOUNTED.keys()


def test_timms_own_activations_agree_or_are_explained():
    differing, compared = list_differing(
        "mmacts", lambda totals: totals.macts / 1e6, lambda own, their: abs(own - their) <= 0.002 * their + 0.006
    )
    explained = ("convmixer", "ghostnetv3", *(name for names in OTHER_OUTPUTS.values() for name in names))
    assert compared > 1100
    assert {name for name in differing if not name.startswith(explained)} == set()
    assert {name for name in explained if not any(each.startswith(name) for each in differing)} == set()


def test_the_outputs_of_attention_are_the_difference_of_a_vision_transformer():
    """Twelve layers of twelve heads have 197 x 197 scores each, and 197 x 768 values."""
    (printed,) = read_printed("mmacts")["vit_base_patch16_224", 224]
    own = network("vit_base_patch16_224.augreg_in1k", 224).totals.macts
    assert own + 12 * (12 * 197 * 197 + 197 * 768) == pytest.approx(1e6 * printed, abs=5_000)


def test_what_weights_have_seen_is_in_their_tag():
    assert find_pretraining("fb_in22k_ft_in1k_384") == "in22k"
    assert find_pretraining("clip_laion2b_soup_ft_in12k_in1k") == "in12k"
    assert find_pretraining("ns_jft_in1k") == "jft"
    assert find_pretraining("a1_in1k") == "in1k"
    assert find_pretraining("fb_dist_in1k") == "in1k"
    assert find_pretraining("ssld_stage2_ft_in1k") == "ssld"
    assert find_pretraining("IMAGENET1K_SWAG_E2E_V1") == "instagram"
    assert find_pretraining("IMAGENET1K_V2") == "in1k"


def test_conditions_of_a_throughput_are_named():
    assert read_conditions()["rtx4090"].text == (
        "NVIDIA GeForce RTX 4090, amp float16, NCHW, eager, torch 2.9.1, CUDA 12.8"
    )
    assert read_conditions()["i7-12700h"].text == (
        "12th Gen Intel(R) Core(TM) i7-12700H, float32, NCHW, compiled, torch 2.4.0"
    )


def test_networks_are_named_by_patterns():
    chosen, others = select_published(
        ["timm:resnet50@224", "vgg16", "timm:resnet50.a1_in1k", "timm:resnet50?in_chans=1"]
    )
    assert others == ("vgg16", "timm:resnet50?in_chans=1")
    assert {each.architecture for each in chosen} == {"resnet50"}
    assert {each.size for each in chosen if each.model == "resnet50.a1_in1k"} == {224, 288}
    with pytest.raises(UnknownNetworkError, match="no figures were published for 'timm:resnet51'; did you mean"):
        select_published(["timm:resnet51"])
    with pytest.raises(UnknownNetworkError, match=r"published for 'timm:resnet50.a1_in1k@300'; there are @224, @288"):
        select_published(["timm:resnet50.a1_in1k@300"])


def test_a_choice_needs_no_network_to_be_run():
    choice = Choice(where="top1 > 80 and size == 224", limit=3, device="rtx4090")
    found = compare(["timm:resnet50", "timm:resnet18"], sort="-top1", choice=choice)
    assert [row.accuracy.top1 for row in found.rows] == sorted((row.accuracy.top1 for row in found.rows), reverse=True)
    assert len(found.rows) == 3
    assert all(row.published and row.per_second == 4302.84 and row.input == (3, 224, 224) for row in found.rows)
    assert "counted with archcost" in found.notes[0]
    assert "RTX 4090" in found.notes[1]


def test_a_frontier_keeps_what_no_other_beats():
    found = compare(["timm:resnet*"], choice=Choice(pareto="macs,top1"))
    points = [(row.macs, row.accuracy.top1) for row in found.rows]
    everything = [
        (each.totals.macs, each.top1) for each in read_published_networks() if each.architecture.startswith("resnet")
    ]
    assert len(points) > 5
    for macs, top1 in points:
        assert not any(m <= macs and t >= top1 and (m, t) != (macs, top1) for m, t in everything)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(pareto="macs"), "name two quantities"),
        (Choice(pareto="macs,top2"), "there is no 'top2'; did you mean"),
        (Choice(where="macs <"), "ends too early"),
        (Choice(pretraining="in23k"), "--pretraining in23k: did you mean"),
        (Choice(device="rtx4080"), "no throughputs were published for 'rtx4080'; did you mean rtx4090"),
    ],
)
def test_a_wrong_choice_is_refused_before_any_work(choice, said):
    with pytest.raises(ArgumentError, match=said):
        compare(["timm:resnet50"], choice=choice)


def test_a_device_may_be_typed_as_in_the_table_of_datasheets():
    assert [find_device(name) for name in ("rtx 4090", "4090", "NVIDIA GeForce RTX 4090")] == ["rtx4090"] * 3
    assert find_device("rtx5090-compiled") == "rtx5090-compiled"
    assert parse_limits("macs,time:RTX 4090") == ("macs", "time:rtx4090")


def test_alternatives_are_as_accurate_and_cost_no_more_nearest_first():
    limits = parse_limits("macs,params,time:rtx4090")
    own = build_candidate("timm:resnet50.a1_in1k@224", limits)
    found = find_alternatives(own, pretraining="in1k")

    assert own.costs["time:rtx4090"] == 1 / 4302.84
    assert found.found == len(found.rows) > 3
    for row in found.rows:
        assert row.network.top1 >= 80.382
        assert row.network.pretraining == "in1k"
        assert all(row.costs[name] <= own.costs[name] for name in limits)
    by_hand = {
        each.spec
        for each in read_published_networks()
        if each.top1 >= 80.382 and each.pretraining == "in1k" and each.spec != own.spec
        and each.totals.macs <= 4_089_184_256 and each.totals.params <= 25_557_032
        and each.samples.get("rtx4090") and each.samples["rtx4090"].per_second >= 4302.84
    }  # fmt: skip
    assert {row.network.spec for row in found.rows} == by_hand
    shares = [min(row.costs[name] / own.costs[name] for name in limits) for row in found.rows]
    assert shares[0] > shares[-1]


def test_a_network_of_ones_own_is_given_its_accuracy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("from torch import nn\n\ndef build():\n    return nn.Conv2d(3, 400, 16, 16)\n")
    own = build_candidate("model.py:build", ("macs", "params"), top1=70.0)
    assert own.costs == {"macs": 14 * 14 * 400 * 3 * 16 * 16, "params": 400 * 3 * 16 * 16 + 400}
    with pytest.raises(ArgumentError, match="give it with --top1"):
        build_candidate("model.py:build", ("macs",))
    with pytest.raises(
        ArgumentError, match=r"known only for published networks; name one, such as timm:resnet50\.a1_in1k"
    ):
        build_candidate("model.py:build", ("time:rtx4090",), top1=70.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timm:resnet50", "timm has several weights for it; name one of timm:resnet50."),
        ("timm:resnet51.a1_in1k", "no accuracy was published for it; did you mean resnet50.a1_in1k"),
        ("timm:resnet50.a1_in1k@300", "no accuracy was published for it; there are @224, @288"),
    ],
)
def test_weights_have_to_be_named(text, said):
    with pytest.raises(ArgumentError) as caught:
        find_published(text)
    assert said in str(caught.value)


def test_memory_is_the_peak_of_inference():
    assert parse_limits("macs,memory, time:rtx4090") == ("macs", "peak_inference_bytes", "time:rtx4090")


def test_limits_that_do_not_exist_are_named():
    with pytest.raises(ArgumentError, match="did you mean macs"):
        parse_limits("mac")
    with pytest.raises(ArgumentError, match="no throughputs were published for 'h100'"):
        parse_limits("time:h100")
    with pytest.raises(ArgumentError, match="names no quantity"):
        parse_limits(",")
    with pytest.raises(ArgumentError, match="--pretraining in33k: did you mean in1k, in22k"):
        find_alternatives(build_candidate("timm:resnet18.a1_in1k", ("macs",)), pretraining="in33k")


def test_a_limit_is_what_the_network_says():
    found = network("resnet50.a1_in1k", 224)
    assert [read_limit(found, name) for name in QUANTITIES] == [getattr(found.totals, name) for name in QUANTITIES]
    assert read_limit(found, "time:rtx5090") == 1 / 6356.02


def test_a_condition_that_nothing_meets_is_a_note(capsys):
    assert run(["compare", "timm:resnet18", "--where", "top1 > 99", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "no network meets what --where" in err


def test_published_accuracies_are_of_one_crop():
    with pytest.raises(ArgumentError, match="published networks have single-crop accuracies alone, not 10-crop ones"):
        compare(["timm:resnet18"], protocol="10-crop", choice=Choice(published=True))


def test_the_real_labels_are_a_condition_and_a_merit():
    (row,) = compare(["timm:resnet50.a1_in1k"], choice=Choice(where="real1 > 86", pareto="macs,real1")).rows
    assert (row.real1, row.input[-1]) == (86.579, 288)


def test_a_pretraining_is_a_choice():
    found = compare(["timm:convnext_tiny*"], choice=Choice(pretraining="in12k")).rows
    assert found
    assert {row.pretraining for row in found} == {"in12k"}
    assert len(compare(["timm:convnext_tiny*"], choice=Choice(pretraining="any")).rows) > len(found)


def test_a_pattern_asks_a_chart_for_published_networks():
    assert choose_shipped(Choice(), ["timm:resnet*"]) == Choice(published=True, pretraining="in1k")
    assert not choose_shipped(Choice(), ["timm:resnet50", "resnet*", "torchvision:vgg16"])
    assert choose_shipped(Choice(pretraining="any"), ["timm:resnet50"]).pretraining == "any"
