"""A walk leaves the network and the process unchanged, even if the forward raises."""

import gc
import random
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from nets_sequence import ALL_NETS
from torch import nn
from torch.nn.modules import module as torch_module

import archcost

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


class Restless(nn.Module):
    """Changes everything that a forward can change, and raises at the end on request."""

    def __init__(self, *, raises=False):
        super().__init__()
        self.raises = raises
        self.conv, self.bn = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("average", torch.ones(3))
        self.calls = 0
        self.history = ["built"]
        self.settings = {"scale": 1.0}
        self.temperature = torch.ones(1)  # neither a parameter nor a buffer
        self.memory = [torch.ones(2), "tokens"]
        self.conv.bias.requires_grad_(False)
        self.conv.eval()  # mixed modes: the other modules train

    def forward(self, x):
        self.calls += 1
        self.history.append("called")
        self.settings["scale"] = 2.0
        self.last = x
        self.extra = nn.Linear(2, 2)
        self.seen += 1
        self.average.data.mul_(0.5)
        self.temperature.mul_(2)
        self.memory[0].mul_(2)
        self.bn.register_forward_hook(lambda module, args, output: None)
        self.conv.weight.requires_grad_(False)
        self.train(not self.training)
        y = self.drop(self.bn(self.conv(x))) + torch.rand(1, device=x.device) + random.random() + np.random.rand()  # noqa: NPY002, S311
        if self.raises:
            raise RuntimeError("on purpose")
        return y.relu_()


def attributes(module):
    """Return the attributes of a module, by identity, with the contents of its containers."""
    found = {}
    for key, value in module.__dict__.items():
        contents = (list(value), [id(item) for item in value.values()]) if isinstance(value, dict) else None
        found[key] = (id(value), list(value) if isinstance(value, list) else contents)
    return found


def snapshot(network):
    """Return all state that must not change."""
    return {
        "modules": [name for name, _ in network.named_modules()],
        "modes": [module.training for module in network.modules()],
        "attributes": [attributes(module) for module in network.modules()],
        "state": {name: value.clone().tolist() for name, value in network.state_dict().items()},
        "tensors": {name: (id(value), value.data_ptr()) for name, value in network.state_dict(keep_vars=True).items()},
        "temperature": network.temperature.tolist(),
        "memory": network.memory[0].tolist(),
        "requires_grad": [p.requires_grad for p in network.parameters()],
        "grad": [p.grad is None for p in network.parameters()],
        "hooks": [
            len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in network.modules()
        ],
    }


def process():
    """Return the process state that a walk could change."""
    return {
        "torch": torch.random.get_rng_state().tolist(),
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "modes": torch._C._len_torch_dispatch_stack(),
        "global hooks": (
            len(torch_module._global_forward_hooks),
            len(torch_module._global_forward_pre_hooks),
            len(torch_module._global_forward_hooks_always_called),
            len(torch_module._global_forward_hooks_with_kwargs),
        ),
        "functions": [
            id(f) for f in (torch.conv2d, torch.relu, nn.functional.linear, nn.Module.__call__, nn.Linear.forward)
        ],
    }


SITUATIONS = [
    {"device": device, "mode": mode, "train": train}
    for device in ("cpu", "meta", "auto")
    for mode, train in (("eval", None), ("train", None), ("as-is", None), ("train", "sgd"))
]


def profile(network, situation):
    archcost.profile(network, torch.ones(2, 2, 6, 6), **situation)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: "-".join(str(value) for value in s.values()))
@pytest.mark.parametrize("raises", [False, True], ids=["returns", "raises"])
def test_everything_is_as_it_was(situation, raises):
    network = Restless(raises=raises)
    before, around = snapshot(network), process()
    if raises:
        with pytest.raises(archcost.ArchcostError):
            profile(network, situation)
    else:
        profile(network, situation)
    assert snapshot(network) == before
    assert process() == around


def test_batch_statistics_do_not_move_and_gradients_do_not_stay():
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
    statistics = network[1].running_mean
    archcost.profile(network, torch.randn(2, 2, 6, 6), device="cpu", train="adamw")
    assert network[1].running_mean is statistics
    assert statistics.tolist() == [0, 0, 0]
    assert network[1].running_var.tolist() == [1, 1, 1]
    assert network[1].num_batches_tracked.item() == 0
    assert [parameter.grad for parameter in network.parameters()] == [None] * 4


def test_gradients_that_were_there_stay():
    network = nn.Linear(3, 2)
    network(torch.ones(1, 3)).sum().backward()
    before = network.weight.grad
    archcost.profile(network, torch.ones(1, 3), device="cpu", train="sgd")
    assert network.weight.grad is before
    assert before.tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_callers_input_is_not_changed_and_gets_no_gradient(device):
    image = torch.full((1, 4), -1.0, requires_grad=True)
    network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
    archcost.profile(network, image, device=device, train="sgd")
    archcost.profile(nn.ReLU(inplace=True), image, device=device)
    assert image.tolist() == [[-1, -1, -1, -1]]
    assert image.grad is None
    assert image.requires_grad


def test_a_network_in_inference_mode_and_one_with_foreign_global_hooks():
    seen = []
    handle = torch_module.register_module_forward_hook(lambda module, args, output: seen.append(module))
    try:
        network = nn.Linear(3, 2)
        with torch.inference_mode():
            assert archcost.profile(network, torch.ones(1, 3), device="cpu").totals.macs == 3 * 2
        assert seen == [network]
        assert len(torch_module._global_forward_hooks) == 1
    finally:
        handle.remove()


def test_a_raising_forward_names_the_layer_and_both_shapes():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(100, 5))
    with pytest.raises(archcost.ArchcostError, match=r"2 \(Linear\), given 1x144, with weight 5x100, bias 5"):
        archcost.profile(network, torch.ones(1, 3, 8, 8))


@pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_twice_in_a_row_gives_the_same_report(net, device):
    network = net()
    first, second = (
        archcost.profile(network, network.arguments(), device=device, mode=net.mode).to_json() for _ in range(2)
    )
    assert first == second


def test_a_weight_that_the_forward_overwrites_gets_its_values_back():
    """Forwards commonly renormalise `weight.data`."""
    net = nn.Linear(3, 3)
    before = net.weight.detach().clone()

    class Doubling(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = net

        def forward(self, x):
            self.inner.weight.data.mul_(2)
            return self.inner(x)

    archcost.profile(Doubling(), torch.zeros(1, 3), device="cpu")

    assert torch.equal(net.weight, before)


PYTHON_KERNELS = """
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Softsign(), nn.Tanhshrink(), nn.LogSigmoid())
peaks = [archcost.profile(net, torch.zeros(2, 1, 32, 32), device="meta").totals.peak_inference_bytes for _ in "12"]
"""
CHECKPOINTS = """
net = "densenet121@64?checkpointed=true"
peaks = [archcost.profile(net, device="meta", train="sgd", batch=2).totals.peak_training_bytes for _ in "12"]
"""


@pytest.mark.parametrize("code", [PYTHON_KERNELS, CHECKPOINTS])
def test_the_first_walk_of_a_process_is_as_any_other(code):
    """The first meta kernel in Python, or the first checkpoint, imports torch's compiler.

    Exceptions handled by the import would keep tensors alive.
    """
    program = f"""
import sys, torch, archcost
from torch import nn
assert "torch._dynamo" not in sys.modules
{code}
assert "torch._dynamo" in sys.modules
assert peaks[0] == peaks[1], peaks
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("train", [None, "adam"])
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_profiled_network_dies_with_its_last_reference(device, train):
    """Nothing waits for the garbage collector: on a GPU the user could not get that memory back."""
    images = torch.randn(2, 3, 8, 8)

    def weak():
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))
        archcost.profile(network, images, device=device, train=train)
        return weakref.ref(network)

    weak()  # the first walk imports modules, and exceptions handled by an import keep frames
    gc.collect()
    gc.disable()
    try:
        assert weak()() is None
    finally:
        gc.enable()


def test_a_network_on_meta_is_as_it_was():
    """The walk uses the network itself, while any other network is copied to the meta device."""
    network = Restless().to("meta")
    network.temperature = network.temperature.to("meta")
    modules = [(module.training, attributes(module)) for module in network.modules()]

    archcost.profile(network, torch.ones(2, 2, 6, 6))

    assert [(module.training, attributes(module)) for module in network.modules()] == modules
    assert not network.conv.bias.requires_grad
    assert network.conv.weight.requires_grad


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_walk_leaves_no_garbage_behind(device):
    """Objects in cycles stay until the collector runs; the records of a walk are freed with their last reference."""
    layers = (nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU()) for _ in range(100))
    network = nn.Sequential(*layers).to(device)
    archcost.profile(network, torch.zeros(1, 4, device=device), device=device)
    gc.collect()
    gc.disable()
    try:
        archcost.profile(network, torch.zeros(1, 4, device=device), device=device)

        assert gc.collect() < 100
    finally:
        gc.enable()


class Replaced(nn.Module):
    def __init__(self, in_place):
        super().__init__()
        self.linear, self.in_place = nn.Linear(8, 8), in_place
        self.register_buffer("other", torch.zeros(2, 4))

    def forward(self, x):
        x = self.linear(x)
        if self.in_place:
            x.relu_()
        x.data = self.other
        return torch.tanh(x)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_result_whose_data_is_replaced_is_described_anew(in_place):
    """The tanh reads the 2 x 4 float32 of the buffer, not the 2 x 8 that the linear layer has returned."""
    report = archcost.profile(Replaced(in_place), torch.zeros(2, 8))

    assert (report.layers[-1].name, report.layers[-1].inputs, report.layers[-1].read_bytes) == ("tanh", ((2, 4),), 32)
    assert report.layers[-1].buffers == 8
