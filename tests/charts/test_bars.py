"""Charts of bars: density, layers, blocks and the challenge's winners."""

import functools

import pytest
from letters import find_overlaps, find_shown

import archcost
from archcost.charts import SIZES, Words, draw, draw_chart
from archcost.charts.block_parts import spell_product
from archcost.charts.blocks import spell_field
from archcost.charts.layers import fold_layers
from archcost.charts.presets import PRESETS, find_preset
from archcost.errors import ArgumentError

BLOCKS = [name for name, preset in PRESETS.items() if preset.kind == "block"]


@functools.cache
def profile_blocks(preset):
    return [archcost.profile(name) for name in find_preset(preset).networks]


def bars(figure, label):
    (container,) = [each for axes in figure.axes for each in axes.containers if each.get_label() == label]
    return container


def heights(figure, label):
    return [patch.get_height() for patch in bars(figure, label)]


def texts(figure):
    return [text for text, _, _ in find_shown(figure)]


def test_a_papers_own_densities_stand_beside_the_bars(three):
    first = max(three.rows, key=lambda row: row.density or 0)
    figure = draw("density", three, printed={first.spec: 20.0, "elsewhere": 1.0}, title="As printed")
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in marks] == [([20.0], [0])]
    assert figure.axes[0].get_xlim()[1] == 22.0  # a tenth of the width stays free behind the farthest mark
    assert "As printed" in texts(figure)


def test_density_is_accuracy_for_each_million_parameters(three):
    found = bars(draw("density", three), "density")
    assert [bar.get_width() for bar in found] == pytest.approx([70 / 5, 76 / 20, 65 / 140])


def test_of_many_networks_the_densest_are_shown(everything):
    figure = draw("density", everything)
    assert f"Information density, the densest 20 of {len(everything.rows)}" in texts(figure)


def test_most_memory_is_in_the_early_convolutions_and_most_parameters_in_the_late_linear_layers(data):
    figure = draw("layers", data["layers"])
    memory = heights(figure, "activation_bytes-convolution")
    assert memory[:2] == pytest.approx([12.845056] * 2)  # 64 x 224 x 224 x 4 bytes
    assert max(heights(figure, "params-linear")) == pytest.approx(102.764544)  # 25,088 x 4,096 weights and 4,096 biases
    assert max(heights(figure, "macs-convolution")) == pytest.approx(1.849688064)
    assert {"fc6: 74.3 %", "conv1_1: 21.1 %"} <= set(texts(figure))


def test_networks_side_by_side_share_a_unit(data):
    figure = draw("layers", [*data["layers"], data["block"][0]])
    assert sum(text.startswith("parameters\n(M)") for text in texts(figure)) == 1


def test_networks_side_by_side_share_the_axis_of_a_row_unless_they_are_free(data):
    both = [*data["layers"], data["block"][0]]
    limits = [axes.get_ylim() for axes in draw("layers", both).axes]
    assert limits[0] == limits[1] != limits[2] == limits[3]
    free = [axes.get_ylim() for axes in draw("layers", both, free_scales=True).axes]
    assert free[0] == limits[0] != free[1]


def test_every_bar_has_a_name_however_many_layers_there_are(data):
    (vgg,) = data["layers"]
    whole, half = fold_layers(vgg, 30), fold_layers(vgg, 18)
    assert [bar.name for bar in whole][1:5] == ["conv1_1", "conv1_2", "pool1", "conv2_1"]
    assert [bar.name for bar in half] == [
        "input", *(f"{what}{i}" for i in range(1, 6) for what in ("conv", "pool")), "fc6", "fc7", "fc8",
    ]  # fmt: skip
    assert sum(bar.value("params") for bar in half) == vgg.totals.params == 138_357_544
    assert len(fold_layers(vgg, 4)) == 4
    figure = draw("layers", [vgg, vgg])
    ticks = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert len(ticks) == 14
    assert all(ticks)


@pytest.mark.parametrize(("names", "size"), [(("nasnet_a_mobile",), "slide"), (("vgg16", "resnet50"), "4:3")])
def test_texts_of_layers_lie_in_their_panels(names, size):
    """Long names leave low panels: the axes' names get shorter, and the shares stay above the bars and inside."""
    figure = draw("layers", [archcost.profile(name) for name in names], size=size)
    assert find_overlaps(find_shown(figure)) == []
    for axes in figure.axes:
        panel = axes.get_window_extent()
        assert all(text.get_window_extent().x0 >= panel.x0 - 1 for text in axes.texts)


@pytest.mark.parametrize("size", ["slide", "body"])
def test_runs_of_modules_have_names_that_leave_room_for_bars(size):
    """GoogLeNet has long names: on a low canvas a run is named by its first module, and the axes' names lie across."""
    reports = [archcost.profile(name) for name in ("alexnet", "googlenet", "efficientnet_b0")]
    figure = draw("layers", reports, size=size, words=Words(title="") if size == "body" else None)
    assert find_overlaps(find_shown(figure)) == []
    assert min(axes.get_window_extent().height for axes in figure.axes) > 18 * figure.dpi / 72  # a line
    ticks = [label.get_text() for label in figure.axes[-2].get_xticklabels()]
    assert any(name.endswith(" ...") for name in ticks)
    assert [bar.name for bar in fold_layers(reports[2], 6)][:2] == ["input to stage1", "stage2 to 3"]


def test_names_leave_out_the_module_that_holds_most():
    report = archcost.profile("nasnet_a_mobile")
    names = [bar.name for bar in fold_layers(report, 40)]
    assert {"stem0", "cell1", "reduction1"} <= set(names)


def test_a_headline_states_the_finding(data):
    assert "VGG-16: 21.1 % of the memory in conv1_1 and 74.3 % of the parameters in fc6" in " ".join(
        text.replace("\n", " ") for text in texts(draw("layers", data["layers"]))
    )


def test_a_chart_of_layers_has_limits(data):
    with pytest.raises(ArgumentError, match="one to 3 networks, not 4"):
        draw("layers", data["layers"] * 4)


def test_blocks_stand_with_their_arithmetic(data):
    figure = draw("block", data["block"])
    shown_ = texts(figure)
    assert {"854.2 M", "271.4 M\n31.8 %"} <= set(shown_)
    assert "28x28 · 5x5 · 256 · 96 = 481.7 M" in shown_
    assert sum(text.startswith("28x28 ·") for text in shown_) == 3 + 6


def test_the_arithmetic_is_the_multiply_adds(data):
    for report in data["block"]:
        for layer in report.layers:
            if layer.macs:
                product = 1
                for factor in spell_product(layer).replace(" · ", "x").split("x"):
                    product *= int(factor)
                assert product == layer.macs


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("preset", BLOCKS)
def test_texts_of_blocks_lie_apart_and_on_the_canvas(preset, size):
    """The axis begins left of a wide first total; arithmetic that does not fit is left out and reported."""
    words = Words(title="") if size == "body" else None  # a slide has a title of its own
    known, blocks = find_preset(preset), profile_blocks(preset)
    figure, unplaced = draw_chart("block", blocks, size=size, words=words, **known.options)
    shown = find_shown(figure)
    width, height = figure.bbox.size
    assert find_overlaps(shown) == []
    assert [text for text, box, _ in shown if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height] == []
    written = sum(" · " in text for text, _, _ in shown)
    parts = sum(layer.macs > 0 for report in blocks for layer in report.layers)
    assert (written > 0) != bool(unplaced)
    assert written or (preset, size) in {("resnext", "body"), ("residual", "body")}
    assert written in {0, parts} or preset == "resnext"  # it has 32 equal paths


@pytest.mark.parametrize(("preset", "size"), [("resnext", "4:3"), ("inception", "slide"), ("residual", "16:9")])
def test_no_arithmetic_lies_over_a_bar_or_a_total(preset, size):
    figure = draw("block", [archcost.profile(name) for name in find_preset(preset).networks], size=size)
    bars = [patch.get_window_extent() for patch in figure.axes[0].patches]
    written = [(text.get_text(), text.get_window_extent().shrunk(0.98, 0.9)) for text in figure.axes[0].texts]
    assert [text for text, box in written if any(box.overlaps(bar) for bar in bars)] == []
    assert find_overlaps(find_shown(figure)) == []


def test_four_blocks_on_a_narrow_slide_keep_their_totals_apart():
    names = ("block_3x3", "block_3x1_1x3", "block_two_2x2", "block_5x5")
    figure = draw("block", [archcost.profile(name) for name in names], size="4:3")
    assert find_overlaps(find_shown(figure)) == []
    assert "3x1 and 1x3\nconvolutions" in texts(figure)


def test_a_hue_is_a_kernel_the_same_in_every_block(data):
    figure = draw("block", data["block"])
    hues = {}
    for report in data["block"]:
        for layer in report.layers:
            if layer.macs:
                containers = [each for each in figure.axes[0].containers if each.get_label() == layer.name]
                hues.setdefault(layer.kernel, set()).update(each[0].get_facecolor() for each in containers)
    assert {kernel: len(found) for kernel, found in hues.items()} == {(1, 1): 1, (3, 3): 1, (5, 5): 1}
    assert len(set.union(*hues.values())) == 3
    assert {"1x1", "3x3", "5x5"} <= set(texts(figure))


def test_equal_paths_are_one_part_and_groups_are_written():
    """32 paths of 256 to 4 to 4 to 256 channels on 56x56 positions: 3,136 x (1,024 + 144 + 1,024) x 32 = 220.0 M."""
    figure = draw("block", [archcost.profile(f"resnext_block_{form}") for form in "abc"])
    written = [text.replace("\n", " ") for text in texts(figure)]
    assert sum(text.startswith("32 x 56x56 · 1x1") for text in written) == 3  # two in a, one in b
    assert sum("(32 groups)" in text for text in written) == 1
    assert sum(text.startswith("220.0 M") for text in written) == 3


def test_a_preset_says_what_the_paper_says_beside_what_is_counted():
    preset = find_preset("grid-reduction")
    shown_ = texts(draw("block", [archcost.profile(name) for name in preset.networks], **preset.options))
    assert "250.9 M\n423.9 %\npaper: “3 times more”" in shown_  # 35^2 / 17^2 = 4.239
    preset = find_preset("residual")
    shown_ = texts(draw("block", [archcost.profile(name) for name in preset.networks], **preset.options))
    assert {"3.699 G", "218.4 M\n5.9 % of the first\n94.4 % of the second"} <= set(shown_)
    preset = find_preset("7x7")
    shown_ = " ".join(texts(draw("block", [archcost.profile(name) for name in preset.networks], **preset.options)))
    assert "200.7 k parameters\nreceptive field 7" in shown_  # 7 x 7 x 64 x 64


def test_a_receptive_field_beyond_the_input_is_said_to_be():
    assert spell_field((715, 715), (224, 224)) == "715, larger than the 224 input"
    assert spell_field((212, 212), (224, 224)) == "212"


def test_a_normalisation_that_pools_is_no_pooling():
    figure = draw("layers", [archcost.profile("googlenet")])
    assert max(heights(figure, "activation_bytes-other")) > max(heights(figure, "activation_bytes-pooling"))


def test_a_block_alone_and_a_whole_network_are_refused(data):
    with pytest.raises(ArgumentError, match="two to 4 of them, not 1"):
        draw("block", data["block"][:1])
    with pytest.raises(ArgumentError, match="vgg16 has 16 layers"):
        draw("block", [*data["block"], *data["layers"]])


def test_winners_stand_with_error_and_depth(data):
    figure = draw("error-year", data["error-year"])
    assert heights(figure, "errors") == [15, 12, 9]
    assert heights(figure, "depths") == [8, 32, 128]


def test_no_winner_is_refused():
    with pytest.raises(ArgumentError, match="at least one entry"):
        draw("error-year", [])
