"""Wrapped, compiled, exported and odd networks, inputs of every form, and clear errors for uncountable ones."""

from collections import defaultdict

import pytest
import torch
from counting import report
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import checkpoint

import archcost
from archcost.errors import WalkError

IMAGE = torch.ones(1, 3, 8, 8)
PARAMS = (3 * 4 * 9 + 4) + (4 + 4) + (144 * 2 + 2)
CONV, HEAD = 36 * 4 * 3 * 9, 144 * 2


def plain():
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 2)
    return nn.Sequential(*layers).eval()


WRAPPERS = {
    "scripted": torch.jit.script,
    "traced": lambda network: torch.jit.trace(network, IMAGE),
    "compiled": torch.compile,
    "exported": lambda network: torch.export.export(network, (IMAGE,)),
    "parallel": nn.DataParallel,
}


@pytest.mark.filterwarnings("ignore")  # TorchScript and torch.export are deprecated in parts
@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_a_wrapped_network_counts_as_the_plain_one(wrap, device):
    totals = archcost.profile(wrap(plain()), IMAGE, device=device).totals
    assert (totals.params, totals.macs, totals.depth) == (PARAMS, CONV + HEAD, 2)
    assert totals.activation_elements == 192 + 144 + 144 + 2


class Within(nn.Module):
    """Runs the plain network within a context."""

    def __init__(self, context):
        super().__init__()
        self.context, self.body = context, plain()

    def forward(self, x):
        with self.context():
            return self.body(x)


def autocast():
    return torch.autocast("cpu", torch.bfloat16)


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("context", [torch.inference_mode, autocast, torch.enable_grad])
def test_a_context_inside_a_forward_changes_no_count(context, device):
    totals = report(Within(context), IMAGE, device=device).totals
    assert (totals.params, totals.macs, totals.depth) == (PARAMS, CONV + HEAD, 2)


class Checkpointed(nn.Module):
    def __init__(self, *, reentrant):
        super().__init__()
        self.reentrant = reentrant
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))

    def forward(self, x):
        return checkpoint(self.body, x, use_reentrant=self.reentrant)


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_what_checkpointing_runs_again_counts_again(device):
    first, second = 36 * 4 * 3 * 9, 16 * 4 * 4 * 9
    image = IMAGE.clone().requires_grad_()
    once = report(Checkpointed(reentrant=False).body, image, device=device, train="sgd").totals
    assert once.backward_macs == 2 * (first + second)
    lazily = report(Checkpointed(reentrant=False), image, device=device, train="sgd").totals
    assert lazily.backward_macs == 2 * (first + second) + first  # the last convolution's result is not needed again
    fully = report(Checkpointed(reentrant=True), image, device=device, train="sgd").totals
    assert fully.backward_macs == 2 * (first + second) + first + second


FORMS = {
    "nested containers": (({"a": [IMAGE], "b": (IMAGE, None)},), {}),
    "a default dictionary": ((defaultdict(list, a=[IMAGE], b=(IMAGE, None)),), {}),
    "keywords": ((), {"tree": {"a": [IMAGE], "b": (IMAGE,)}}),
}


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("form", FORMS)
def test_inputs_of_every_form(form, device):
    class Takes(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, tree):
            return self.conv(tree["a"][0] + tree["b"][0])

    args, kwargs = FORMS[form]
    totals = archcost.profile(Takes(), args, kwargs, device=device).totals
    assert totals.macs == CONV
    assert totals.activation_elements == 192 + 192 + 144  # the same tensor twice is one input


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_packed_sequence_as_input(device):
    packed = pack_padded_sequence(torch.ones(7, 3, 4), torch.tensor([7, 4, 2]))
    assert report(nn.LSTM(4, 5), packed, device=device).totals.macs == (7 + 4 + 2) * 4 * 5 * (4 + 5)


def test_a_network_that_needs_values_runs_on_the_cpu_with_a_note():
    found = report(lambda x: x * 2 if x.sum().item() > 0 else x, IMAGE, device="auto")
    assert found.environment["device"] == "cpu"
    assert "run on the CPU" in found.warnings[0]


def test_a_network_that_cannot_be_copied_runs_in_place_with_a_note():
    class Single:
        def __deepcopy__(self, memo):
            raise TypeError("there is one")

    network = plain()
    network.single = Single()
    found = archcost.profile(network, IMAGE)
    assert found.totals.macs == CONV + HEAD
    assert "cannot be copied" in found.warnings[0]
    with pytest.raises(WalkError, match=r"cannot be copied.*--device cpu"):
        archcost.profile(network, IMAGE, device="meta")


def nested():
    return torch.nested.nested_tensor([torch.ones(2, 4), torch.ones(3, 4)])


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("device", ["meta", "cpu", "auto"])
@pytest.mark.parametrize(
    ("network", "inputs", "message"),
    [
        (nn.Linear(4, 2), nested, "a nested tensor of float32 has no plain storage"),
        (nn.Embedding(4, 3), lambda: torch.ones(2, 3), r"Embedding\), given 2x3, with weight 4x3: .*indices"),
        (nn.Conv2d(3, 4, 3), lambda: torch.ones(1, 2, 8, 8), r"Conv2d\), given 1x2x8x8, with weight 4x3x3x3, bias 4"),
    ],
    ids=["nested", "float indices", "channels"],
)
def test_what_cannot_be_counted_is_said(network, inputs, message, device):
    with pytest.raises(WalkError, match=message):
        archcost.profile(network, inputs(), device=device)


def test_nothing_to_train_is_said():
    with pytest.raises(WalkError, match="nothing to train"):
        archcost.profile(nn.Linear(3, 2).requires_grad_(False), torch.ones(1, 3), train="sgd")
