"""Indexing costs the same on the meta device as on a real one."""

import pytest
import torch
from counting import Calls
from torch.nn import functional

import archcost
from archcost.errors import WalkError


def write_a_number(x):
    made = torch.zeros_like(x)
    made[:, 0] = 1
    made[..., 1:] = 2.5
    return made


def write_by_a_mask(x):
    made = torch.zeros_like(x)
    made[torch.tensor([True, False, True])] = 3
    return made


def write_by_a_list(x):
    made = torch.zeros_like(x)
    made[:, [0, 2]] = 1
    return made


def read_by_a_list(x):
    return x[:, [0, 3]] + x[[1, 1, 2]][:, :2]


def ask_after_a_number_was_written(x):
    mask = torch.zeros(3, dtype=torch.int64)
    mask[1:] = 1
    return x[: int(mask.sum())]


@pytest.mark.parametrize(
    "function",
    [write_a_number, write_by_a_mask, write_by_a_list, read_by_a_list, ask_after_a_number_was_written],
    ids=lambda function: function.__name__,
)
def test_meta_is_the_cpu(function):
    meta, cpu = (archcost.profile(Calls(function), torch.ones(3, 4), device=device) for device in ("meta", "cpu"))
    assert meta.layers == cpu.layers
    assert meta.totals == cpu.totals
    assert meta.environment["device"] == "meta"


def test_a_number_that_is_written_is_one_element():
    """There are 3x4 zeros, and one number for each of the two writes."""
    for device in ("meta", "cpu"):
        report = archcost.profile(Calls(write_a_number), torch.ones(3, 4), device=device)
        assert report.totals.activation_elements == 12 + 12 + 2  # the input, the zeros, the numbers


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_only_masks_make_sizes_depend_on_values(device):
    """A list of indices has a known length."""
    by_list, by_mask = (
        archcost.profile(Calls(function), torch.ones(3, 4), device=device)
        for function in (read_by_a_list, lambda x: x[torch.tensor([True, False, True])])
    )
    assert not by_list.warnings
    assert "the result sizes of index depend on values" in by_mask.warnings[0]


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: functional.embedding(x, torch.zeros(4, 2)),
        lambda x: torch.zeros(4).index_select(0, x),
        lambda x: torch.zeros(4).index_add(0, x, torch.ones(3)),
        lambda x: torch.zeros(4).index_fill(0, x, 1.0),
        lambda x: torch.zeros(4).index_put((x,), torch.ones(3)),
    ],
    ids=["embedding", "index_select", "index_add", "index_fill", "index_put"],
)
def test_floats_are_no_indices(function, device):
    """Some kernels of torch's meta device accept them; no other device does."""
    with pytest.raises(WalkError, match=r"[Ii]ndex|indices"):
        archcost.profile(Calls(function), torch.zeros(3), device=device)
    report = archcost.profile(Calls(function), torch.zeros(3, dtype=torch.int64), device=device)
    assert report.environment["device"] == device
