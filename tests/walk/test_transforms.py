"""Modules inside of torch.func's transforms: the walk records the transforms' operators, over all samples."""

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

import archcost
from archcost.errors import WalkError

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit")  # a warning of torch about jvp

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
    """Return the derivative of the gradient in one direction."""
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
        (backwards, FORWARD + FORWARD),  # the gradient of each output times the weight
        (nested, FORWARD),
        (in_chunks, FORWARD),
        (ensemble, 3 * FORWARD),
        # forward and backward once, then both for the tangents of the sample and of the weight, which are zeros
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


def within_a_level(layer, x):
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(layer(forward_ad.make_dual(x, torch.ones_like(x)))).tangent


def forwards(layer, x):
    return jacfwd(lambda sample: layer(sample) * layer.bias - 2 * layer.bias)(x[0])


@pytest.mark.parametrize("transform", [directional, within_a_level, forwards, double, curvature])
def test_a_forward_derivative_is_the_same_on_both_devices(transform):
    meta, cpu = (archcost.profile(Transformed(transform), torch.ones(5, 4), device=device) for device in DEVICES)
    assert meta.totals == cpu.totals
    assert meta.uncovered == cpu.uncovered == {}


@pytest.mark.parametrize("device", DEVICES)
def test_a_forward_derivative_counts_no_operator_that_asks_for_a_shape(device):
    """Zero tangents do not count, nor does torch's sum of them on the meta device, which only finds a shape."""
    report = archcost.profile(Transformed(directional), torch.ones(5, 4), device=device)
    row = next(row for row in report.layers if row.name == "layer")
    products, copied, summed, spread_out = 3 * 5 * 3, 5 * 3, 5 * 3, 1 + 1  # one element for each tangent of zeros
    assert row.activation_elements == products + copied + summed + spread_out
    assert row.other_ops == summed


@pytest.mark.parametrize("device", DEVICES)
def test_a_primitive_that_a_network_calls_itself_is_counted(device):
    """The same primitives, on tensors with values."""
    report = archcost.profile(Transformed(lambda _, x: torch.ops.prims.add(x, x)), torch.ones(5, 4), device=device)
    assert report.totals.other_ops == 5 * 4


def test_what_a_network_on_the_cpu_asks_of_the_meta_device_costs_nothing():
    def ask(layer, x):
        return x.new_zeros((x.to("meta") @ torch.ones(4, 4, device="meta")).shape)

    report = archcost.profile(Transformed(ask), torch.ones(5, 4), device="cpu")
    assert (report.totals.macs, report.totals.activation_elements) == (0, 5 * 4 + 5 * 4)


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
    assert report.totals.activation_elements == 5 * 4 + 5 * 3 + 5 * 3  # a separate operator adds the bias
