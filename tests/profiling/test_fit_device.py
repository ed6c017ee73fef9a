"""Fitting a batch to a named GPU: the allocator's reserved memory, and the context on top."""

import json

import pytest
import torch
from torch import nn

import archcost
from archcost.account.overhead import CONTEXT_LEAST, CONTEXT_MOST, CUBLAS_LARGE, CUBLAS_SMALL
from archcost.cli import run
from archcost.errors import ArgumentError, NoDeviceError
from archcost.sources import parse_input

MIB = 2**20
LAYER, ROW = nn.Linear(1024, 1024, bias=False), [parse_input("1024")]
INPUT = [parse_input(str(10 * MIB // 4))]


class Grows(nn.Module):
    """From an input of 10 MiB come one map of 20 MiB that dies, then one of 60."""

    def forward(self, x):
        torch.cat([x, x])
        return torch.cat([x] * 6)


def test_the_margin_is_what_is_left():
    """22 MiB are reserved at batch 256 (20 for the weights, 2 for input and output); a V100's workspace is small."""
    need = 22 * MIB + CONTEXT_MOST + CUBLAS_SMALL
    least = 22 * MIB + CONTEXT_LEAST + CUBLAS_SMALL
    fits = archcost.fit(LAYER, need, device_name="v100", batch=256, inputs=ROW)
    tight = archcost.fit(LAYER, need - 1, device_name="v100", batch=256, inputs=ROW)
    missing = archcost.fit(LAYER, least - 1, device_name="v100", batch=256, inputs=ROW)

    assert (fits.batch, fits.judge(fits.points[0]), fits.need_of(fits.points[0])) == (256, "fits", need)
    assert (tight.judge(tight.points[0]), tight.least_need_of(tight.points[0])) == ("tight", least)
    assert (missing.batch, missing.judge(missing.points[0])) == (None, "does not fit")


def test_training_has_a_workspace_for_each_of_two_threads_and_hopper_a_larger_one():
    v100 = archcost.fit("lenet5", device_name="v100", batch=1, train="sgd")
    h200 = archcost.fit("lenet5", device_name="NVIDIA H200", batch=1)
    assert v100.overheads["cuBLAS workspaces"] == (2 * CUBLAS_SMALL, 2 * CUBLAS_SMALL) == (2 * 8_519_680,) * 2
    assert h200.overheads["cuBLAS workspaces"] == (CUBLAS_LARGE, CUBLAS_LARGE) == (32 * MIB, 32 * MIB)
    assert (h200.memory_bytes, h200.device) == (141 * 10**9, "NVIDIA H200")


def test_a_batch_is_tight_where_unused_segments_have_to_go_back():
    """90 MiB are reserved, and 20 of them are unused at the end."""
    most, least = CONTEXT_MOST + CUBLAS_SMALL, CONTEXT_LEAST + CUBLAS_SMALL
    verdicts = []
    for memory in (90 * MIB + most, 90 * MIB + most - 1, 70 * MIB + least, 70 * MIB + least - 1):
        found = archcost.fit(Grows(), memory, device_name="v100", batch=1, inputs=INPUT)
        verdicts.append(found.judge(found.points[0]))
    assert verdicts == ["fits", "tight", "tight", "does not fit"]


def test_the_largest_batch_is_by_what_is_needed():
    """The next batch size needs more than the device has, although the tensors alone would fit."""
    plain = archcost.fit("nin_cifar10", "1GB")
    named = archcost.fit("nin_cifar10", "1GB", device_name="a100")
    needs = {point.batch: named.need_of(point) for point in named.points}
    assert needs[named.batch] <= 10**9 < needs[named.batch + 1]
    assert named.batch < plain.batch


def test_a_cpu_has_the_memory_of_its_machine():
    with pytest.raises(ArgumentError, match="say how much"):
        archcost.fit("lenet5", device_name="i7-12700h")
    assert archcost.fit("lenet5", "5MB", device_name="i7-12700h").device is None
    with pytest.raises(ArgumentError, match="needs a memory"):
        archcost.fit("lenet5")
    with pytest.raises(NoDeviceError, match="did you mean h200"):
        archcost.fit("lenet5", device_name="h2000")


def test_segments_expand_on_a_named_gpu_alone():
    for rest in ({"memory": "1GB"}, {"memory": "1GB", "device_name": "i7-12700h"}):
        with pytest.raises(ArgumentError, match=r"name the GPU \(--device-name h200\)"):
            archcost.fit("lenet5", expandable=True, batch=1, **rest)


def test_segments_that_expand_leave_less_unused():
    """The 20 dead MiB lie before the new 60: 70 at most, in pages of 20, while fixed segments take 90."""
    found = [
        archcost.fit(Grows(), memory, device_name="v100", batch=1, inputs=INPUT, expandable=True)
        for memory in (80 * MIB + CONTEXT_MOST + CUBLAS_SMALL, 80 * MIB + CONTEXT_LEAST + CUBLAS_SMALL - 1)
    ]
    assert [fit.judge(fit.points[0]) for fit in found] == ["fits", "does not fit"]


def test_the_command_says_the_margin(capsys):
    assert run(["fit", "lenet5", "--device-name", "h200", "--batch", "4", "--train"]) == 0
    assert "fits into the 141.0 GB of NVIDIA H200, and leaves 140." in capsys.readouterr().out
    assert run(["fit", "lenet5", "--device-name", "h200", "--batch", "4", "--format", "json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["verdict"] == "fits"
    assert point["margin_bytes"] == 141 * 10**9 - point["needed_bytes"]
    assert run(["fit", "lenet5", "--device-name", "v100", "--memory", "250MB", "--batch", "4"]) == 1
