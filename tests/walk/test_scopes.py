"""The two ways to follow calls of modules agree: torch's global hooks, and an attribute of each module."""

import copy
import threading

import pytest
import torch
from torch import nn
from torch.nn.modules import module as torch_module

import archcost
from archcost.walk import run_undisturbed, walk


class Fails(nn.Module):
    def forward(self, x):
        raise ValueError("it always fails")


class Tries(nn.Module):
    """Goes on after a module has failed."""

    def __init__(self):
        super().__init__()
        self.fails, self.layer = Fails(), nn.Linear(8, 8)

    def forward(self, x):
        try:
            return self.fails(x)
        except ValueError:
            return self.layer(x)


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(query=x, key=x, value=x, need_weights=False)[0]


class Copies(nn.Module):
    """Runs a copy of a layer; the copy's operators belong to this module."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x):
        other = copy.deepcopy(self.layer)
        return copy.copy(self.layer)(self.layer(x)) + other(x)


class Odd(nn.Module):
    """Returns a dictionary, and calls a layer twice, a second time by its forward alone."""

    def __init__(self):
        super().__init__()
        self.layer, self.none = nn.ReLU(inplace=True), nn.Identity()

    def forward(self, x):
        return {"a": self.layer(self.none(x)), "b": [self.layer.forward(x + 1), self.layer(x)]}


def shared():
    layer = nn.Linear(8, 8)
    return nn.Sequential(layer, nn.Sequential(nn.ReLU(), layer), nn.Dropout(), nn.Flatten())


NETWORKS = {"tries": Tries, "named": Named, "copies": Copies, "odd": Odd, "shared": shared}


def record(network, **options):
    return run_undisturbed(lambda: walk(network, (torch.ones(2, 3, 8, device="meta"),), **options))


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("name", NETWORKS)
def test_hooks_and_attributes_find_the_same_calls(name, mode):
    network = NETWORKS[name]().to("meta")
    plain = record(network, mode=mode)
    handle = torch_module.register_module_forward_pre_hook(lambda module, args: None)  # now archcost uses hooks, too
    try:
        hooked = record(network, mode=mode)
    finally:
        handle.remove()

    assert plain.calls == hooked.calls
    assert plain.ops == hooked.ops
    assert plain.calls


@pytest.mark.parametrize("name", NETWORKS)
def test_modules_keep_no_attribute(name):
    network = NETWORKS[name]().to("meta")
    before = [dict(vars(module)) for module in network.modules()]
    record(network)

    assert [dict(vars(module)) for module in network.modules()] == before


def test_a_modules_own_replacement_runs_within_its_scope():
    """`module.compile()` sets the attribute, too."""
    network = nn.Sequential(nn.Linear(8, 8), nn.ReLU()).to("meta")
    ran = []

    def replacement(*args):
        ran.append("replacement")
        return network[0]._call_impl(*args)

    network[0]._compiled_call_impl = replacement
    trace = record(network)

    assert network[0]._compiled_call_impl is replacement
    assert ran == ["replacement"]
    assert [call.path for call in trace.calls] == ["", "0", "1"]
    assert [trace.calls[op.module].path for op in trace.ops if op.op == "aten.addmm"] == ["0"]


class CompilesItself(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(8, 8), nn.ReLU())

    def forward(self, x):
        self.layer.compile()
        self.layer[0].compile()
        return self.layer(x)


def test_modules_that_are_compiled_in_the_forward_keep_their_scopes():
    network = CompilesItself().to("meta")
    before = [dict(vars(module)) for module in network.modules()]
    trace = record(network)

    assert [call.path for call in trace.calls] == ["", "layer", "layer.0", "layer.1"]
    assert [trace.calls[op.module].path for op in trace.ops if op.op == "aten.addmm"] == ["layer.0"]
    assert [dict(vars(module)) for module in network.modules()] == before


def test_operators_of_a_modules_own_hook_belong_to_its_caller():
    network = nn.Sequential(nn.Linear(8, 8), nn.ReLU()).to("meta")
    network[0].register_forward_hook(lambda module, args, output: output.sigmoid())
    trace = record(network)

    assert [trace.calls[op.module].path for op in trace.ops if op.op == "aten.sigmoid"] == [""]


def test_other_threads_run_the_same_modules():
    network = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)).to("meta")
    x, done, failed = torch.ones(2, 8, device="meta"), threading.Event(), []

    def run():
        while not done.is_set():
            try:
                network(x)
            except Exception as error:  # noqa: BLE001 - any error fails the test
                failed.append(error)
                return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        reports = [archcost.profile(network, x) for _ in range(30)]
    finally:
        done.set()
        thread.join()

    assert not failed
    assert {tuple(row.name for row in report.layers) for report in reports} == {("input", "0", "1", "2")}
