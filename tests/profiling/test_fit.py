"""The largest batch size that fits: the next one does not, and every figure comes from a walk."""

import json

import pytest
import torch
from torch import nn

import archcost
from archcost.cli import run
from archcost.errors import ArgumentError, WalkError
from archcost.sources import InputSpec, parse_input
from archcost.units import parse_bytes


@pytest.mark.parametrize("train", [None, "adam"])
@pytest.mark.parametrize("memory", [2_000_000, 5_000_001, "20MB"])
def test_the_next_batch_does_not_fit(train, memory):
    found = archcost.fit("lenet5", memory, train=train)
    name = "peak_training_bytes" if train else "peak_inference_bytes"

    def peak(batch):
        return getattr(archcost.profile("lenet5", device="meta", train=train, batch=batch).totals, name)

    assert peak(found.batch) <= found.memory_bytes < peak(found.batch + 1)
    assert all(point.peak_bytes == peak(point.batch) for point in found.points[:3])
    assert {found.batch, found.batch + 1} <= {point.batch for point in found.points}


def test_the_edge_is_exact():
    """A layer from 3 to 2 without bias takes 24 B, and each row takes 12 B in and 8 B out."""
    net, inputs = nn.Linear(3, 2, bias=False), [parse_input("3")]

    assert archcost.fit(net, 24 + 7 * 20, inputs=inputs).batch == 7
    assert archcost.fit(net, 24 + 7 * 20 - 1, inputs=inputs).batch == 6
    assert archcost.fit(net, 24 + 20 - 1, inputs=inputs).batch is None
    assert archcost.fit(net, 24 + 7 * 20, inputs="3").batch == 7
    with pytest.raises(archcost.ArchcostError, match=r"such as inputs='3x224x224'; it is a Tensor"):
        archcost.fit(net, "1MB", inputs=torch.ones(1, 3))


def test_a_network_that_cannot_train_on_one_image_starts_at_two():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    found = archcost.fit(net, "1MB", inputs=[parse_input("3")], train="sgd")
    assert found.points[0].batch == 2
    assert found.batch > 2


def test_mixed_precision_fits_more():
    plain, mixed = (archcost.fit("nin_cifar10", "50MB", amp=amp) for amp in (None, "bf16"))
    assert mixed.batch > plain.batch
    assert mixed.points[0].peak_bytes == archcost.profile("nin_cifar10", device="meta", amp="bf16").peak.nbytes


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"mode": "foo"}, "mode must be one of eval, train, as-is, not 'foo'"),
        ({"train": "lion"}, "train must be one of sgd, momentum, adam, adamw, sgd-fused, .*, not 'lion'"),
        ({"loss": "mse"}, "loss must be one of cross-entropy, sum, not 'mse'"),
        ({"amp": "fp8"}, "amp must be one of bf16, fp16, or as in cpu:bf16, not 'fp8'"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [lambda **how: archcost.fit("lenet5", "2MB", **how), lambda **how: archcost.profile("lenet5", **how)],
    ids=["fit", "profile"],
)
def test_both_doors_refuse_what_does_not_exist(ask, wrong, says):
    with pytest.raises(ArgumentError, match=says):
        ask(**wrong)


def test_parameters_alone_that_do_not_fit(capsys):
    assert run(["fit", "vgg16", "--memory", "500MB"]) == 1
    assert "its parameters alone, 553.4 MB, do not fit into 500.0 MB" in capsys.readouterr().err
    assert run(["fit", "vgg16", "--memory", "1GB", "--train"]) == 1
    assert "gradients and optimizer state alone, 1.107 GB" in capsys.readouterr().err


def test_the_command_writes_memory_against_batch(capsys):
    assert run(["fit", "lenet5", "--memory", "3MB", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert run(["fit", "lenet5", "--memory", "3MB", "--format", "csv"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "batch,peak_bytes,fits"
    assert rows[1:] == [f"{p['batch']},{p['peak_bytes']},{int(p['peak_bytes'] <= 3 * 10**6)}" for p in found["points"]]
    assert run(["fit", "lenet5", "--memory", "3MB"]) == 0
    text = capsys.readouterr().out
    assert f"the largest batch in 3.000 MB is {found['batch']} images" in text
    assert run(["fit", "lenet5", "--memory", "3MB", "--loss", "sum"]) == 2


def test_memory_that_does_not_grow():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.ones(3, device=x.device)

    with pytest.raises(WalkError, match="hardly grows with the batch"):
        archcost.fit(Constant(), "1GB", inputs=[InputSpec(shape=(0,))])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24GB", 24 * 10**9),
        ("24GiB", 24 * 2**30),
        ("1.5 kB", 1500),
        ("512", 512),
        ("8g", None),
        ("0MB", None),
        ("", None),
    ],
)
def test_amounts_of_memory(text, expected):
    if expected is None:
        with pytest.raises(ArgumentError, match="is not an amount of memory"):
            parse_bytes(text)
    else:
        assert parse_bytes(text) == expected
