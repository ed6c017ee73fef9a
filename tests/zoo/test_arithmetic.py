"""The layer lists of `arithmetic` give the exact counts of counts.csv and block_counts.csv.

Both sides are independent of archcost: other implementations confirm the counts in the tables, and the lists were
written from the papers in plain integers, without torch.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from arithmetic import BLOCKS, LAYERS, conv, fc
from arithmetic.layers import Map, Net, length

HERE = Path(__file__).parent


def table(name):
    """Return a CSV file as dictionaries, with integers parsed."""
    with (HERE / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: int(value) if value.isdecimal() else value for key, value in row.items()} for row in rows]


def totals(layers):
    """Return the columns of counts.csv of a network, computed from its layers."""
    convs = [layer for layer in layers if layer.kind == "conv"]
    fcs = [layer for layer in layers if layer.kind == "fc"]
    assert len(convs) + len(fcs) == len(layers)
    return {
        "weights": sum(layer.weights for layer in layers),
        "macs_conv": sum(layer.macs for layer in convs),
        "macs_fc": sum(layer.macs for layer in fcs),
        "macs": sum(layer.macs for layer in layers),
        "convs": len(convs),
        "fcs": len(fcs),
        "depth": max(layer.depth for layer in layers),
        "acts": sum(layer.outputs for layer in layers),
    }


def differences(name, got, expected):
    return [f"{name}: {key} {value:,}, table {expected[key]:,}" for key, value in got.items() if value != expected[key]]


def test_every_network_of_the_table_has_a_layer_list():
    names = [row["id"] for row in table("counts.csv")]
    assert len(names) == len(set(names))
    assert set(names) == LAYERS.keys()


def test_layer_lists_give_the_counts_of_the_table():
    rows = table("counts.csv")
    wrong = [text for row in rows for text in differences(row["id"], totals(LAYERS[row["id"]]()), row)]
    assert not wrong, "\n".join(wrong)


def test_block_lists_give_the_counts_of_the_table():
    wrong = []
    for row in table("block_counts.csv"):
        got = totals(BLOCKS[row["name"]](row["channels"], row["size"]))
        label = f"{row['name']} C={row['channels']} H={row['size']}"
        wrong += differences(label, {key: got[key] for key in ("weights", "macs")}, row)
    assert not wrong, "\n".join(wrong)


def test_every_block_is_in_the_table():
    assert {row["name"] for row in table("block_counts.csv")} == BLOCKS.keys()


def test_columns_of_the_table_add_up():
    wrong = [
        row["id"]
        for row in table("counts.csv")
        if row["params"] != row["weights"] + row["biases"] + row["bn"] + row["other"]
        or row["macs"] != row["macs_conv"] + row["macs_fc"]
    ]
    assert not wrong


def test_aliases_lead_to_ids_and_hide_none():
    names = {row["id"] for row in table("counts.csv")}
    aliases = {row["alias"]: row["id"] for row in table("aliases.csv")}
    assert set(aliases.values()) <= names
    assert not aliases.keys() & names


def test_input_size_after_the_at_sign_is_the_input():
    wrong = []
    for row in table("counts.csv"):
        _, _, size = row["id"].partition("@")
        if size and row["input"] != f"3x{size}x{size}":
            wrong.append(row["id"])
    assert not wrong


def test_convolution_by_hand():
    # LeNet-5's C1: 6 filters of 5x5 on one map, 28x28 outputs.
    layer = conv(1, 6, 5, 28, 28)
    assert (layer.weights, layer.macs, layer.outputs) == (150, 117_600, 4_704)
    # A grouped 1x7 on two halves of 8 channels.
    layer = conv(8, 4, (1, 7), 2, 3, groups=2)
    assert (layer.weights, layer.macs, layer.outputs) == (112, 672, 24)
    # VGG-16's first fully connected layer.
    layer = fc(7 * 7 * 512, 4096)
    assert (layer.weights, layer.macs, layer.outputs) == (102_760_448, 102_760_448, 4_096)


@pytest.mark.parametrize(
    ("n", "k", "stride", "padding", "out"),
    [
        (227, 11, 4, "V", 55),  # AlexNet, layer 1
        (224, 7, 2, "p1", 110),  # ZFNet, layer 1
        (110, 3, 2, "C", 55),  # its pooling; rounding down would give 54
        (110, 3, 2, "V", 54),
        (35, 3, 2, "", 18),
        (35, 3, 2, "V", 17),
        (56, 2, 1, "", 56),  # an even kernel with one-sided padding
    ],
)
def test_output_lengths(n, k, stride, padding, out):
    assert length(n, k, stride, padding) == out


def test_depth_is_the_longest_chain():
    net = Net(Map(4, 8, 8))
    x = net.branches(net.input, "1x1 4", "1x1 2, 3x3 4, max 3x3/1")
    assert x == Map(8, 8, 8, depth=2)
    assert net.add(x, net.chain(x, "3x3 8")).depth == 3


@pytest.mark.parametrize("text", ["3x3", "max 3x3 64", "3x3/2V 64 G2", "conv 64", "3x3 64,1x1 64"])
def test_a_step_that_is_no_notation_is_refused(text):
    net = Net(Map(64, 8, 8))
    with pytest.raises(AssertionError, match="not a step"):
        net.chain(net.input, text)


def test_the_oracle_needs_no_torch():
    code = "import sys, arithmetic; sys.exit(bool({'torch', 'archcost'} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", code], cwd=HERE, check=True)
