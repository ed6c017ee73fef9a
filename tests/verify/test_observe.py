"""One run, counted by archcost and torch's counter at once."""

import pytest
import torch
from nets_sequence import ALL_NETS
from torch import nn
from torch.nn import functional

from archcost.errors import WalkError
from archcost.verify.observe import observe

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


class Functions(nn.Module):
    def __init__(self):
        super().__init__()
        self.same = nn.Conv1d(4, 4, 3, padding="same")
        self.cell = nn.LSTMCell(4, 3)

    def forward(self, x):
        x = self.same(x).transpose(1, 2).contiguous()  # the fused kernel needs contiguous tensors
        x = x + functional.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None])[:, 0]
        return self.cell(x[:, 0])[0]


class OwnGradient(nn.Module):
    """Computes a gradient, which inference_mode forbids."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)

    def forward(self, x):
        with torch.enable_grad():
            return torch.autograd.grad(self.a(x).sum(), self.a.weight)[0]


class Raises(nn.Module):
    def forward(self, x):
        raise ValueError("nothing to see")


@pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
def test_the_calls_add_up_to_the_written_answer(net):
    network = net()
    found = observe(network, network.arguments(), {}, device="cpu")
    assert sum(call.macs for call in found.calls) == net.macs
    assert (found.torch_failure, found.notes) == (None, ())


def test_operators_are_named_as_the_forward_called_them():
    found = observe(Functions(), (torch.ones(1, 4, 8),), {}, device="cpu").calls
    by_name = {call.operator: call for call in found if call.macs}
    assert list(by_name) == ["_convolution_mode", "scaled_dot_product_attention", "linear"]
    assert by_name["_convolution_mode"].macs == 8 * 4 * 4 * 3
    assert by_name["scaled_dot_product_attention"].inputs == ((1, 1, 8, 4),) * 3
    products = [step for call in found if call.operator == "linear" for step in call.steps if step.macs]
    assert [(step.operator, step.macs, step.known, step.torch) for step in products] == [
        ("aten.addmm", 3 * 12, True, 3 * 12),
        ("aten.addmm", 4 * 12, True, 4 * 12),
    ]


def test_torchs_counter_knows_no_attention_on_the_cpu():
    found = observe(Functions(), (torch.ones(1, 4, 8),), {}, device="cpu").calls
    [step] = [step for call in found if call.operator.startswith("scaled") for step in call.steps if step.macs]
    assert (step.macs, step.torch, step.known) == (2 * 8 * 8 * 4, 0, False)


def test_on_the_meta_device_attention_is_products():
    with torch.device("meta"):
        network, image = Functions(), torch.ones(1, 4, 8)
    [call] = [call for call in observe(network, (image,), {}, device="meta").calls if call.operator.startswith("sc")]
    assert (call.macs, sum(step.torch for step in call.steps)) == (2 * 8 * 8 * 4, 2 * 8 * 8 * 4)


def test_a_network_that_refuses_inference_mode_is_seen_step_by_step():
    found = observe(OwnGradient(), (torch.ones(3, 4),), {}, device="cpu")
    assert {call.operator for call in found.calls if call.macs} == {"addmm", "mm"}
    assert found.notes[0].startswith("it refuses torch.inference_mode (RuntimeError: ")


def test_a_formula_that_fails_costs_only_torchs_count(monkeypatch):
    def formula(*_, **__):
        raise AssertionError("no such shape")

    monkeypatch.setitem(torch.utils.flop_counter.flop_registry, torch.ops.aten.addmm, formula)
    found = observe(nn.Linear(4, 2), (torch.ones(3, 4),), {}, device="cpu")
    assert found.torch_failure == "AssertionError: no such shape"
    assert sum(call.macs for call in found.calls) == 3 * 4 * 2
    assert all(step.torch is None for call in found.calls for step in call.steps)


def test_a_network_that_fails_by_itself():
    with pytest.raises(WalkError, match="ValueError: nothing to see"):
        observe(Raises(), (torch.ones(1),), {}, device="cpu")


def test_the_network_is_left_as_found():
    network = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    observe(network, (torch.ones(3, 4),), {}, device="cpu")
    assert all(module.training for module in network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
