"""Charts of bars: density, layers, blocks and the challenge's winners."""

import pytest
from letters import find_overlaps, find_shown

import archcost
from archcost.charts import SIZES, draw
from archcost.charts.blocks import spell_product
from archcost.charts.presets import find_preset
from archcost.errors import ArgumentError


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
    assert figure.axes[0].get_xlim()[1] == 22.0  # a tenth of room behind the farthest
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
    assert max(heights(figure, "params-linear")) == pytest.approx(102.764544)  # 25,088 x 4,096 and as many biases
    assert max(heights(figure, "macs-convolution")) == pytest.approx(1.849688064)
    assert {"classifier.0: 74.3 %", "features.0: 21.1 %"} <= set(texts(figure))


def test_networks_side_by_side_share_a_unit(data):
    figure = draw("layers", [*data["layers"], data["block"][0]])
    assert sum(text.startswith("parameters\n(M)") for text in texts(figure)) == 1


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
@pytest.mark.parametrize("preset", ["7x7", "grid-reduction", "separable"])
def test_the_arithmetic_of_low_bars_lies_beside_their_totals(preset, size):
    figure = draw("block", [archcost.profile(name) for name in find_preset(preset).networks], size=size)
    assert find_overlaps(find_shown(figure)) == []


def test_four_blocks_on_a_narrow_slide_keep_their_totals_apart():
    names = ("block_3x3", "block_3x1_1x3", "block_two_2x2", "block_5x5")
    figure = draw("block", [archcost.profile(name) for name in names], size="4:3")
    assert find_overlaps(find_shown(figure)) == []
    assert "3x1 and 1x3\nconvolutions" in texts(figure)


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
