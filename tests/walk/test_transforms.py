"""Modules inside of torch.func's transforms: the operators are those that the transforms run, over all samples."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, hessian, jacrev, jvp, vjp, vmap

import archcost
from archcost.errors import WalkError

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit")  # torch's own, for jvp

DEVICES = ("meta", "cpu")
FORWARD = 5 * 4 * 3  # a linear layer from 4 to 3, for 5 samples


class Transformed(nn.Module):
    def __init__(self, transform, layer=None):
        super().__init__()
        self.layer, self.transform = layer or nn.Linear(4, 3), transform

    def forward(self, x):
        return self.transform(self.layer, x)


def mapped(layer, x):
    return vmap(layer)(x)


def per_sample_gradients(layer, x):
    def loss(parameters, sample):
        return functional_call(layer, parameters, (sample,)).sum()

    return vmap(grad(loss), (None, 0))(dict(layer.named_parameters()), x)


def directional(layer, x):
    return jvp(layer, (x,), (torch.ones_like(x),))


def jacobian(layer, x):
    return jacrev(layer)(x[0])


def backwards(layer, x):
    output, back = vjp(layer, x)
    return back(torch.ones_like(output))


def nested(layer, x):
    return vmap(vmap(layer))(x.reshape(5, 1, 4))


def in_chunks(layer, x):
    return vmap(layer, chunk_size=2)(x)


def ensemble(layer, x):
    parameters = {name: torch.stack([p, p, p]) for name, p in layer.named_parameters()}
    return vmap(lambda own: functional_call(layer, own, (x,)))(parameters)


def double(layer, x):
    """The gradient's own derivative, in one direction."""
    return jvp(grad(lambda sample: layer(sample).tanh().sum()), (x[0],), (torch.ones(4),))


def curvature(layer, x):
    return hessian(lambda sample: layer(sample).tanh().sum())(x[0])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("transform", "macs"),
    [
        (mapped, FORWARD),
        (per_sample_gradients, FORWARD + FORWARD),  # each sample's gradient of the weight is an outer product
        # the rows times the weight, their tangents times the weight, the rows times the weight's tangent, zeros
        (directional, 3 * FORWARD),
        (backwards, FORWARD + FORWARD),  # a gradient of each output times the weight
        (nested, FORWARD),
        (in_chunks, FORWARD),
        (ensemble, 3 * FORWARD),
        # forward and backward once, then both for tangents of the sample and of the weight, which is zeros
        (double, 3 * 2 * 4 * 3),
        (jacobian, 4 * 3 + 3 * 3 * 4),  # forward for one sample, then three rows of a gradient times the weight
    ],
)
def test_a_transform_counts_what_it_runs(transform, macs, device):
    report = archcost.profile(Transformed(transform), torch.ones(5, 4), device=device)
    assert report.totals.macs == macs
    assert report.totals.params == 4 * 3 + 3
    assert report.uncovered == {}
    assert report.uncalled == ()


def test_a_hessian_is_the_same_on_both_devices():
    meta, cpu = (archcost.profile(Transformed(curvature), torch.ones(5, 4), device=device) for device in DEVICES)
    assert meta.totals.macs == cpu.totals.macs > 3 * 4 * 3
    assert meta.uncovered == cpu.uncovered == {}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_what_torch_refuses_within_vmap_is_refused_on_meta_too(kind, device):
    with pytest.raises(WalkError, match="Batching rule not implemented"):
        archcost.profile(Transformed(mapped, kind(4, 3)), torch.ones(5, 1, 4), device=device)


@pytest.mark.parametrize("device", DEVICES)
def test_a_row_inside_of_vmap_has_the_shapes_of_all_samples(device):
    report = archcost.profile(Transformed(mapped), torch.ones(5, 4), device=device)
    row = next(row for row in report.layers if row.name == "layer")
    assert (row.inputs, row.outputs) == (((5, 4),), ((5, 3),))
    assert report.totals.activation_elements == 5 * 4 + 5 * 3 + 5 * 3  # the bias is added apart from the product
