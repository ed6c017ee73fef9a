"""Memory of a training step, by hand."""

from functools import partial

import pytest
import torch
from peer_packages import peer
from real_memory import saved_bytes, training_peak
from torch import nn
from torch.utils.checkpoint import checkpoint

import archcost
from archcost.errors import ArgumentError
from archcost.sources import resolve


def test_vgg16_by_hand():
    """Batch size 1 in fp32. With in-place ReLUs, each convolution keeps its input, the result of the ReLU before it."""
    parameters, tensors = 138_357_544, 2 * 16
    pools = 64 * 112**2 + 128 * 56**2 + 256 * 28**2 + 512 * 14**2 + 512 * 7**2
    maps = 2 * 64 * 224**2 + 2 * 128 * 112**2 + 3 * 256 * 56**2 + 3 * 512 * 28**2 + 3 * 512 * 14**2
    inference = archcost.profile("vgg16", device="meta").totals
    totals = archcost.profile("vgg16", device="meta", train="adam").totals

    assert inference.param_bytes == 4 * parameters == 553_430_176
    assert inference.activation_bytes == 4 * (3 * 224**2 + maps + pools + 4096 + 4096 + 1000) == 60_950_432
    # each pool keeps its input, which the ReLU before it also keeps, and its indices as int64; each of the two dropouts
    # keeps a boolean mask; the second layer reads the first dropout's result, the last layer the second's
    assert totals.saved_bytes == 4 * (3 * 224**2 + maps + pools) + 8 * pools + (4 * 2 * 2 + 2) * 4096
    assert totals.gradient_bytes == 4 * parameters
    assert totals.optimizer_state_bytes == 2 * 4 * parameters + 4 * tensors  # two moments; a step count for each tensor
    assert totals.backward_macs == 2 * totals.macs - 224**2 * 64 * 3 * 9  # the image needs no gradient
    # in the step: parameters, gradients, two moments, and the square roots of all second moments, which a GPU computes
    # at once; image, outputs, loss and label
    rest = 4 * 3 * 224**2 + 4 * 1000 + 4 + 8
    assert totals.peak_training_bytes == 4 * 5 * parameters + 4 * tensors + rest
    # in the CPU's loop: the square root and its quotient of the largest tensor alone; the quotient of the 512 biases
    # before it, which the loop's variable still holds
    largest = 4096 * 25088
    loop = archcost.profile("vgg16", device="meta", train="adam", like="cpu").totals
    assert loop.peak_training_bytes == 4 * (4 * parameters + 2 * largest + 512) + 4 * tensors + rest


@pytest.mark.parametrize("inplace", [True, False])
def test_what_a_relu_saves_is_its_result(inplace):
    """In place or not, the image and the ReLU's result are kept; out of place, the convolution's result dies."""
    net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU(inplace=inplace), nn.Flatten())
    report = archcost.profile(net, torch.zeros(1, 1, 8, 8), train="sgd", loss="sum")

    assert report.totals.saved_bytes == 2 * 4 * 64
    assert [row.saved_bytes for row in report.layers if row.kind in {"Conv2d", "ReLU"}] == [256, 256]


def test_a_relu_out_of_place_holds_one_more_map_until_its_input_is_dropped():
    """BatchNorm keeps its input, not its result; out of place, one more map is alive, but only in the forward."""

    def totals(inplace):
        net = nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=inplace), nn.Flatten())
        return archcost.profile(net, torch.zeros(2, 1, 16, 16), train="sgd", loss="sum").totals

    assert totals(inplace=True).saved_bytes == totals(inplace=False).saved_bytes
    silu = nn.Sequential(nn.Conv2d(1, 4, 1), nn.SiLU(inplace=True), nn.Flatten())
    network = nn.Sequential(nn.Conv2d(1, 4, 1), nn.SiLU(), nn.Flatten())
    image = torch.zeros(2, 1, 16, 16)
    # SiLU needs its input: in place, torch copies it before it is overwritten
    assert archcost.profile(silu, image, train="sgd").totals.saved_bytes == saved_bytes(silu, image)
    assert archcost.profile(network, image, train="sgd").totals.saved_bytes == saved_bytes(network, image)


class Dense(nn.Module):
    """A dense block of pointwise convolutions, growing by one map; each composite begins with BatchNorm."""

    def __init__(self, layers, *, again=False):
        super().__init__()
        self.again = again
        self.layers = nn.ModuleList(nn.Sequential(nn.BatchNorm2d(1 + i), nn.Conv2d(1 + i, 1, 1)) for i in range(layers))

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            run = partial(self.composite, layer)
            maps.append(checkpoint(run, *maps, use_reentrant=False) if self.again else run(*maps))
        return torch.cat(maps, 1).flatten(1)

    def composite(self, layer, *maps):
        return layer(torch.cat(maps, 1))


@pytest.mark.parametrize("layers", [2, 6])
def test_concatenations_keep_quadratic_memory_and_checkpointing_linear(layers):
    image = torch.zeros(2, 1, 4, 4)
    one = 4 * 2 * 4 * 4
    naive = archcost.profile(Dense(layers), image, train="sgd").totals
    again = archcost.profile(Dense(layers, again=True), image, train="sgd").totals

    # the concatenation and its normalised form at each layer, with the mean and deviation of the normalisation
    concatenations = sum(range(1, layers + 1))
    assert naive.saved_bytes == 2 * concatenations * one + 2 * 4 * concatenations
    assert again.saved_bytes == layers * one  # the maps themselves, except for the last one
    assert again.peak_training_bytes < naive.peak_training_bytes
    network = Dense(layers, again=True)
    assert again.peak_training_bytes == training_peak(network, image, "sgd")


def test_checkpointing_halves_what_densenet_keeps():
    """DenseNet-121, batch 32: 4172 MB kept; 2013 MB if each concatenation is recomputed, which takes no products."""
    network, images = resolve("densenet121?checkpointed=true").build(), torch.randn(2, 3, 32, 32)
    naive, again = (
        archcost.profile(name, device="meta", train="sgd", batch=32).totals
        for name in ("densenet121", "densenet121?checkpointed=true")
    )
    small = archcost.profile(network, images, device="meta", train="sgd").totals

    assert [round(totals.saved_bytes / 1e6) for totals in (naive, again)] == [4172, 2013]
    assert again.peak_training_bytes < 0.5 * naive.peak_training_bytes
    assert (again.params, again.macs, again.backward_macs) == (naive.params, naive.macs, naive.backward_macs)
    assert small.saved_bytes == saved_bytes(network, images)
    assert small.peak_training_bytes == training_peak(network, images, "sgd")


@pytest.mark.peers
def test_checkpointing_saves_what_torchvisions_saves():
    network = peer("torchvision").models.densenet121(memory_efficient=True)
    theirs = archcost.profile(network, torch.zeros(2, 3, 64, 64), device="meta", train="sgd").totals
    ours = archcost.profile("densenet121@64?checkpointed=true", device="meta", train="sgd", batch=2).totals

    assert (ours.saved_bytes, ours.peak_training_bytes) == (theirs.saved_bytes, theirs.peak_training_bytes)


def test_batchnorm_after_the_sums_of_inception_resnet():
    """The paper leaves it out, for more blocks on one GPU (section 3.2): it would keep a quarter more.

    A BatchNorm keeps its input, the sum, and two statistics for each map.
    """
    batch = 32
    without, with_it = (
        archcost.profile(f"inception_resnet_v2_slim?normalised_sums={sums}", device="meta", train="sgd", batch=batch)
        for sums in ("false", "true")
    )
    blocks = [(10, 320, 35), (20, 1088, 17), (10, 2080, 8)]  # number of blocks, maps, side
    more = sum(count * (4 * batch * maps * side**2 + 2 * 4 * maps) for count, maps, side in blocks)

    assert with_it.totals.saved_bytes - without.totals.saved_bytes == more == 1_477_465_600
    assert with_it.totals.saved_bytes / without.totals.saved_bytes == pytest.approx(1.25, abs=0.001)
    assert with_it.totals.peak_training_bytes > 1.2 * without.totals.peak_training_bytes
    assert with_it.totals.params - without.totals.params == sum(2 * count * maps for count, maps, _ in blocks)


def test_the_loss_that_a_network_returns_is_what_it_is_trained_on():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, x):
            y = self.layer(x)
            return {"loss": y.square().mean(), "logits": y}

    totals = archcost.profile(Own(), torch.zeros(5, 3), train="sgd").totals
    assert totals.saved_bytes == 4 * 5 * 3 + 4 * 5 * 2


def test_a_walk_in_place_leaves_parameters_and_gradients_as_they_were():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    network[0].weight.grad = torch.ones(4, 3)
    before = {name: value.clone() for name, value in network.state_dict().items()}

    archcost.profile(network, torch.randn(5, 3), device="cpu", train="adam")

    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(network[0].weight.grad, torch.ones(4, 3))
    assert network[2].weight.grad is None


def test_a_parameter_without_gradient_has_no_state():
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Linear(3, 2, bias=False), nn.Linear(3, 2, bias=False)

        def forward(self, x):
            return self.used(x)

    totals = archcost.profile(Half(), torch.zeros(1, 3), train="momentum").totals
    assert (totals.gradient_bytes, totals.optimizer_state_bytes) == (4 * 6, 4 * 6)


def test_a_walk_without_training_knows_nothing_of_it():
    totals = archcost.profile("lenet5").totals
    assert totals.saved_bytes is totals.gradient_bytes is totals.optimizer_state_bytes is None
    assert totals.peak_training_bytes is totals.backward_macs is None


def test_a_loss_that_does_not_exist():
    with pytest.raises(ArgumentError, match="loss must be one of cross-entropy, sum, not 'mse'"):
        archcost.profile("lenet5", train="sgd", loss="mse")


def test_an_allocator_rounds_every_storage_up():
    """Weights of 24 B, biases of 8 B, an input of 12 B and an output of 8 B take four blocks of 512 B."""
    totals = archcost.profile(nn.Linear(3, 2), torch.zeros(1, 3)).totals
    assert (totals.peak_inference_bytes, totals.peak_allocated_bytes) == (24 + 8 + 12 + 8, 4 * 512)
