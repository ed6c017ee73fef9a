"""A parameter's kind follows from its readers; every class here has an empty or misleading name."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

import archcost

IMAGE, TOKENS = (2, 6, 8, 8), (2, 5, 6)


class NormedLinear(nn.Linear):
    """Normalises its weight, like a classifier by angles."""

    def forward(self, x):
        return functional.linear(x, functional.normalize(self.weight, dim=1))


class Enormous(nn.Linear):
    pass


class NormConv(nn.Conv2d):
    """Standardises its weight, and multiplies it with a gain for each filter."""

    def __init__(self):
        super().__init__(6, 4, 3, bias=False)
        self.gain = nn.Parameter(torch.ones(4, 1, 1, 1))

    def forward(self, x):
        variance, mean = torch.var_mean(self.weight, (1, 2, 3), keepdim=True)
        return functional.conv2d(x, self.gain * (self.weight - mean) * torch.rsqrt(variance + 1e-5))


class Own(nn.Module):
    """A leaf with only a scale and a shift of the given shape."""

    def __init__(self, *shape):
        super().__init__()
        self.gain, self.offset = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))


class Layer(Own):
    """Layer normalisation over the last dimension."""

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        variance = (x - mean).pow(2).mean(-1, keepdim=True)
        return (x - mean) / torch.sqrt(variance + 1e-5) * self.gain + self.offset


class Everywhere(Own):
    """Layer normalisation over a whole image, scaled at each position."""

    def forward(self, x):
        variance, mean = torch.var_mean(x, (1, 2, 3), keepdim=True)
        return torch.addcmul(self.offset, self.gain, (x - mean) * (variance + 1e-5).rsqrt())


class RootMeanSquare(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6)).type_as(x) * (1 + self.gain)


class UnitLength(RootMeanSquare):
    def forward(self, x):
        return functional.normalize(x, dim=-1) * 2.5 * self.gain


class Batch(Own):
    """Batch normalisation: by the batch's statistics in training, else by stored ones."""

    def __init__(self, *shape):
        super().__init__(*shape)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("variance", torch.ones(shape))

    def forward(self, x):
        mean, variance = self.mean, self.variance
        if self.training:
            mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
        return self.gain * (x - mean) / (variance + 1e-5).sqrt() + self.offset


class Folded(Batch):
    """Batch normalisation, folded into one scale and one shift."""

    def forward(self, x):
        mean, variance = self.mean, self.variance
        if self.training:
            mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
        scale = self.gain * (variance + 1e-5).rsqrt()
        return x * scale + (self.offset - mean * scale)


class Grouped(Own):
    def forward(self, x):
        groups = x.reshape(x.shape[0], 2, -1)
        groups = (groups - groups.mean(-1, keepdim=True)) / (groups.std(-1, keepdim=True) + 1e-5)
        return groups.reshape(x.shape) * self.gain + self.offset


class Responses(Own):
    """Global response normalisation: the norms of the channels, divided by their mean."""

    def forward(self, x):
        norms = x.norm(dim=(2, 3), keepdim=True)
        return self.gain * (x * (norms / (norms.mean(1, keepdim=True) + 1e-6))) + self.offset + x


class Plain(Own):
    """The normalisation operator without its scale and shift, which follow separately."""

    def forward(self, x):
        return functional.instance_norm(x) * self.gain + self.offset


class DividedLast(Own):
    """The scale multiplies the statistic, by which the input is divided."""

    def forward(self, x):
        return x / (x.std(-1, keepdim=True) * self.gain) + self.offset


class FullyShaped(nn.LayerNorm):
    pass


NORMALISATIONS = [
    (Layer(6), TOKENS),
    (Layer(1, 6), TOKENS),
    (Layer(1, 1, 6), TOKENS),
    (Everywhere(6, 8, 8), IMAGE),
    (RootMeanSquare(6), TOKENS),
    (RootMeanSquare(1, 6), TOKENS),
    (UnitLength(1, 6), TOKENS),
    (Batch(1, 6, 1, 1), IMAGE),
    (Batch(6, 1, 1), IMAGE),
    (Folded(1, 6, 1, 1), IMAGE),
    (Grouped(1, 6, 1, 1), IMAGE),
    (Responses(1, 6, 1, 1), IMAGE),
    (Plain(6, 1, 1), IMAGE),
    (DividedLast(1, 6), TOKENS),
    (FullyShaped((6, 8, 8)), IMAGE),
    (nn.BatchNorm2d(6), IMAGE),
    (nn.GroupNorm(2, 6), IMAGE),
    (nn.InstanceNorm2d(6, affine=True), IMAGE),
    (nn.RMSNorm((5, 6)), TOKENS),
]


def weights(network, shape, **how):
    return archcost.profile(network, torch.ones(shape), **how).totals.weights


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("network", "shape"), NORMALISATIONS, ids=lambda it: type(it).__name__)
def test_a_normalisation_has_no_weights(network, shape, device, mode):
    assert weights(network, shape, device=device, mode=mode) == 0


@pytest.mark.parametrize(("network", "shape"), NORMALISATIONS, ids=lambda it: type(it).__name__)
def test_nor_has_one_that_trains_in_mixed_precision_and_is_checkpointed(network, shape):
    class Saved(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network

        def forward(self, x):
            return checkpoint(self.inner, x.clone().requires_grad_(), use_reentrant=False)

    assert weights(Saved(), shape, device="cpu", train="sgd", loss="sum", amp="bf16") == 0


class LowRank(nn.Module):
    """A low-rank product of two parameters, added to a full weight: 4 x 2 + 2 x 6, and 4 x 6."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Parameter(torch.ones(4, 2)), nn.Parameter(torch.ones(2, 6))
        self.norm = nn.Parameter(torch.ones(4, 6))

    def forward(self, x):
        return functional.linear(x, self.norm + self.down @ self.up)


class ByHand(nn.Module):
    """A convolution whose bias of four dimensions is added afterwards."""

    def __init__(self):
        super().__init__()
        self.filters, self.offset = nn.Parameter(torch.ones(4, 6, 3, 3)), nn.Parameter(torch.zeros(1, 4, 1, 1))

    def forward(self, x):
        return functional.conv2d(x, self.filters) + self.offset


class Experts(nn.Module):
    """Three linear layers at once, each with a bias: (3, 6, 4) and (3, 1, 4)."""

    def __init__(self):
        super().__init__()
        self.experts, self.offsets = nn.Parameter(torch.ones(3, 6, 4)), nn.Parameter(torch.zeros(3, 1, 4))

    def forward(self, x):
        return torch.einsum("bnd,edf->ebnf", x, self.experts).flatten(1, 2) + self.offsets


class Positions(nn.Module):
    """An embedding of five positions, added to a product's result: not a bias, since it differs by position."""

    def __init__(self):
        super().__init__()
        self.project = nn.Linear(6, 4)
        self.norm_positions = nn.Parameter(torch.zeros(1, 5, 4))

    def forward(self, x):
        return self.project(x) + self.norm_positions


class Flat(nn.Module):
    """A vector that is reshaped to the weight of a convolution, and a vector that a matrix multiplies."""

    def __init__(self):
        super().__init__()
        self.flat, self.vector = nn.Parameter(torch.ones(6)), nn.Parameter(torch.ones(8))

    def forward(self, x):
        return functional.conv2d(x, self.flat.view(1, 6, 1, 1)) @ self.vector


class LayerScale(nn.Module):
    """A learned factor for each channel, without normalisation: no clue, so the dimensions decide."""

    def __init__(self, *shape):
        super().__init__()
        self.norm = nn.Linear(6, 6)
        self.gamma = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return x + self.gamma * self.norm(x)


class Queries(nn.Module):
    """Learned queries, projected before they meet any data: 3 x 6, 6 x 6; the offset is not a bias."""

    def __init__(self):
        super().__init__()
        self.latent, self.matrix = nn.Parameter(torch.ones(3, 6)), nn.Parameter(torch.ones(6, 6))
        self.offset = nn.Parameter(torch.ones(6))

    def forward(self, x):
        return torch.addmm(self.offset, self.latent, self.matrix) @ x.transpose(1, 2)


class Lookup(nn.Module):
    """An embedding table: 7 x 6, named like a normalisation's bias."""

    def __init__(self):
        super().__init__()
        self.norm_bias = nn.Parameter(torch.ones(7, 6))

    def forward(self, x):
        return functional.embedding(x[..., 0].long(), self.norm_bias)


class Stacked(nn.Module):
    """Two matrices of three, cast and stacked on the way to a product."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Parameter(torch.ones(3, 6)), nn.Parameter(torch.ones(3, 6))

    def forward(self, x):
        return functional.linear(x, torch.cat([self.one.double().float(), self.two]))


WEIGHTS = [
    (NormedLinear(6, 7), TOKENS, 6 * 7),
    (Enormous(6, 7), TOKENS, 6 * 7),
    (NormConv(), IMAGE, 4 * 6 * 3 * 3 + 4),
    (LowRank(), TOKENS, 4 * 2 + 2 * 6 + 4 * 6),
    (ByHand(), IMAGE, 4 * 6 * 3 * 3),
    (Positions(), TOKENS, 6 * 4 + 5 * 4),
    (Flat(), IMAGE, 6 + 8),
    (LayerScale(6), TOKENS, 6 * 6),
    (LayerScale(1, 6), TOKENS, 6 * 6 + 6),
    (Queries(), TOKENS, 3 * 6 + 6 * 6),
    (Lookup(), TOKENS, 7 * 6),
    (Stacked(), TOKENS, 2 * 3 * 6),
    (parametrizations.weight_norm(nn.Conv2d(6, 4, 3)), IMAGE, 4 * 6 * 3 * 3 + 4),
    (parametrizations.spectral_norm(nn.Linear(6, 7)), TOKENS, 6 * 7),
    (nn.Conv2d(6, 4, 3), IMAGE, 4 * 6 * 3 * 3),
    (nn.Bilinear(6, 6, 4), None, 6 * 6 * 4),
    (nn.LSTM(6, 4), TOKENS, 4 * 4 * (6 + 4)),
]


def arguments(shape):
    return (torch.ones(2, 6), torch.ones(2, 6)) if shape is None else torch.ones(shape)


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("network", "shape", "expected"), WEIGHTS, ids=lambda it: type(it).__name__)
def test_what_a_product_multiplies_is_a_weight(network, shape, expected, device, mode):
    assert archcost.profile(network, arguments(shape), device=device, mode=mode).totals.weights == expected


@pytest.mark.parametrize(("network", "shape", "expected"), WEIGHTS, ids=lambda it: type(it).__name__)
def test_so_it_is_in_training_and_in_mixed_precision(network, shape, expected):
    report = archcost.profile(network, arguments(shape), device="cpu", train="sgd", loss="sum", amp="bf16")
    assert report.totals.weights == expected


def test_a_classifier_of_normalised_weights():
    assert weights(NormedLinear(512, 1000, bias=False), (1, 512)) == 512 * 1000


def test_experts_have_a_bias_each():
    class Batched(Experts):
        def forward(self, x):
            return torch.bmm(x.expand(3, 5, 6), self.experts) + self.offsets

    assert weights(Batched(), (1, 5, 6)) == 3 * 6 * 4


def test_the_statistics_of_something_else_do_not_normalise():
    """A gate computed from the mean of another input scales, but does not belong to a normalisation."""

    class Gate(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = nn.Parameter(torch.ones(1, 6))

        def forward(self, x, y):
            return x / y.mean(-1, keepdim=True) * self.gain

    report = archcost.profile(Gate(), (torch.ones(TOKENS), torch.ones(TOKENS)))
    assert (report.totals.weights, report.layers[-1].role) == (6, "pooling")


def test_positions_after_a_finished_normalisation_are_no_shift():
    class Embedded(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.places = nn.LayerNorm(6), nn.Parameter(torch.zeros(1, 5, 6))

        def forward(self, x):
            return self.norm(x) + self.places

    assert weights(Embedded(), TOKENS) == 5 * 6


def test_what_is_normalised_together_with_its_factors_is_not_scaled_by_them():
    class Projection(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = nn.Parameter(torch.ones(1, 6))

        def forward(self, x):
            return functional.normalize(x * self.gain, dim=-1)

    assert weights(Projection(), TOKENS) == 6
