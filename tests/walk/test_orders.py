"""The memory order of a tensor's dimensions, and views of one storage, equal those on a real device."""

import pytest
import torch
from torch import nn

import archcost
from archcost.walk.shapes.elementwise import with_number


class Tokens(nn.Module):
    """Convolves images that arrive as tokens, channels innermost, and returns tokens again."""

    def __init__(self, *inner):
        super().__init__()
        self.inner, self.out = nn.Sequential(*inner), nn.Linear(8, 4)

    def forward(self, tokens):
        batch, _, channels = tokens.shape
        pictures = self.inner(tokens.transpose(1, 2).reshape(batch, channels, 4, 4))
        return self.out(pictures.flatten(2).transpose(1, 2))


INNER = {
    "convolution": (nn.Conv2d(8, 8, 3, padding=1),),
    "grouped": (nn.Conv2d(8, 8, 3, padding=1, groups=8),),
    "one by one": (nn.Conv2d(8, 8, 1, bias=False),),
    "normalised": (nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8), nn.ReLU()),
}


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("batch", [1, 2])
def test_convolutions_keep_channels_innermost(inner, batch):
    meta, cpu = (
        archcost.profile(Tokens(*INNER[inner]), torch.ones(batch, 16, 8), device=device) for device in ("meta", "cpu")
    )
    assert meta.layers == cpu.layers
    assert meta.totals == cpu.totals


@pytest.mark.parametrize(
    ("shape", "strides"),
    [
        ((1, 16, 8, 8), (16, 1, 128, 16)),  # the strides of one image's tokens after a transposition
        ((3, 1, 5), (5, 1, 1)),
        ((3, 1, 3), (1, 2, 3)),
        ((1, 2, 3, 1), (5, 1, 2, 1)),
        ((2, 3), (8, 2)),
        ((1,), (5,)),
    ],
)
def test_a_number_leaves_dimensions_in_the_cpus_order(shape, strides):
    there, here = (torch.empty_strided(shape, strides, device=device) for device in ("meta", "cpu"))
    for function in (torch.add, torch.sub, torch.mul, torch.div):
        assert with_number(there, 2.0).stride() == function(here, 2.0).stride()


def test_groups_are_normalised_as_the_named_device_does():
    """The CPU takes innermost channels directly; a GPU first copies the 2x8x4x4 elements into order.

    Before torch 2.14 a separate operator does so.
    """
    network, tokens = Tokens(nn.Conv2d(8, 8, 1), nn.GroupNorm(2, 8)), torch.ones(2, 16, 8)
    how = {"train": "sgd", "loss": "sum"}
    meta, cpu = (
        archcost.profile(network, tokens, device=device, like=like, **how).totals
        for device, like in (("meta", "cpu"), ("cpu", None))
    )
    # in the backward pass torch copies on every device but the CPU, whichever device is followed
    assert meta.activation_elements == cpu.activation_elements
    assert meta.saved_bytes == cpu.saved_bytes
    on_gpu = archcost.profile(network, tokens, device="meta", like="cuda", **how)
    copies = 1 + ("aten.clone" in next(row for row in on_gpu.layers if row.name == "inner.1").operators)
    # then the linear layer copies them back, and adds its bias to 2 x 16 x 4 products in a separate operator
    assert on_gpu.totals.activation_elements == meta.activation_elements + copies * (2 * 8 * 4 * 4) + 2 * 16 * 4


class Views(nn.Module):
    """Two buffers that are rows of one tensor: 2 x 6 integers of 8 bytes."""

    def __init__(self):
        super().__init__()
        rows, columns = torch.triu_indices(4, 4, 1)
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    def forward(self, x):
        return x[self.rows, self.columns] if self.rows.sum() == 4 else x  # 0 + 0 + 0 + 1 + 1 + 2


def test_views_of_one_storage_stay_views_and_keep_their_values():
    meta, cpu = (archcost.profile(Views(), torch.ones(4, 4), device=device) for device in ("meta", "cpu"))
    assert meta.totals == cpu.totals
    assert meta.environment["device"] == "meta"
