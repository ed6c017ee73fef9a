"""Networks whose constructor needs values are built on the CPU with uninitialised parameters."""

import sys
import types

import pytest
import torch
from torch import nn

import archcost
from archcost.sources import InputSpec
from archcost.walk import Unfilled


class WidthsFromTensors(nn.Module):
    """Computes its widths with tensors, like torchvision's RegNet."""

    def __init__(self):
        super().__init__()
        wide, out = (torch.tensor([9.6, 1.5]) * 2).round().int().tolist()
        self.table = nn.Parameter(torch.empty(wide, 100_000))
        self.scale = nn.Linear(8, out)
        nn.init.trunc_normal_(self.table, std=0.02)
        self.register_buffer("steps", torch.zeros(4).fill_(2.0))
        self.step = self.steps.sum().item()

    def forward(self, x):
        return self.scale(x) * self.step


class NoFakeKernel(nn.Module):
    def forward(self, x):
        return torch.ops.archcost_test.unfaked(x)


@pytest.fixture
def module_of_networks(monkeypatch):
    module = types.ModuleType("networks_under_test")
    module.WidthsFromTensors, module.NoFakeKernel = WidthsFromTensors, NoFakeKernel
    monkeypatch.setitem(sys.modules, "networks_under_test", module)
    return "networks_under_test"


def test_parameters_stay_as_they_are_and_every_other_tensor_is_written():
    parameter = nn.Parameter(torch.full((3,), 7.0))
    with Unfilled():
        nn.init.trunc_normal_(parameter)
        other = torch.empty(3).fill_(2.0)

    assert parameter.tolist() == [7.0, 7.0, 7.0]
    assert other.tolist() == [2.0, 2.0, 2.0]


def test_a_library_may_put_initialisers_of_its_own_in_place_of_torchs(monkeypatch):
    original = nn.init.normal_

    def normal_(tensor, mean=0.0, std=1.0, generator=None):
        return original(tensor, mean=mean, std=std, generator=generator)

    monkeypatch.setattr(nn.init, "normal_", normal_)
    parameter = nn.Parameter(torch.full((3,), 7.0))
    with Unfilled():
        original(parameter)  # torch's modes receive the function that replaced it
    assert parameter.tolist() == [7.0, 7.0, 7.0]


def test_a_constructor_that_needs_values_is_walked_on_meta_all_the_same(module_of_networks):
    report = archcost.profile(f"{module_of_networks}:WidthsFromTensors", InputSpec(shape=(8,)), device="meta")

    assert report.totals.macs == 8 * 3
    assert report.environment["device"] == "meta"


def test_an_operator_without_a_shape_function_is_run_on_the_cpu(module_of_networks):
    @torch.library.custom_op("archcost_test::unfaked", mutates_args=())
    def unfaked(x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    report = archcost.profile(f"{module_of_networks}:NoFakeKernel", InputSpec(shape=(8,)), device="auto")

    assert report.environment["device"] in {"cpu", "cuda:0"}
    assert report.uncovered == {"archcost_test.unfaked": 1}


def test_what_autograd_forbids_outside_of_it_is_forbidden_within():
    parameter = nn.Parameter(torch.zeros(3))

    with Unfilled("meta"), pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        parameter.mul_(2)
    assert torch.zeros(1).device.type == "cpu"  # leaving the mode restores the device
