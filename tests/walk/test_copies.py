"""A network on meta is copied like by `copy.deepcopy`, except for its tensors."""

import copy
from collections import OrderedDict

import pytest
import torch
from torch import nn

from archcost.walk import Parts, meta_copy
from archcost.walk.arguments import copy_to


class Tied(nn.Module):
    """Shared modules, parameters and attributes, and attributes of many types."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.again = self.first
        self.cache = {}
        self.first.cache = self.second.cache = self.cache
        self.limits = {"low": [1, 2], "high": torch.ones(2), 3: OrderedDict(a=self)}
        self.kinds = (nn.ReLU, torch.float32, (1, [2]))
        self.register_buffer("table", torch.arange(6.0).view(2, 3).T)
        self.register_forward_hook(print)
        self.nothing = None


def test_what_was_shared_is_shared_and_nothing_with_the_original():
    network = Tied()
    copied = meta_copy(Parts(network))

    assert type(copied) is Tied
    assert copied.again is copied.first is not network.first
    assert copied.first.weight is copied.second.weight
    assert copied.cache is copied.first.cache is copied.second.cache is not network.cache
    assert copied.limits[3]["a"] is copied
    assert copied.limits["low"] == [1, 2]
    assert copied.limits["low"] is not network.limits["low"]
    assert copied.kinds == network.kinds
    assert copied.kinds[2][1] is not network.kinds[2][1]
    assert list(copied._forward_hooks.values()) == [print]
    assert copied._forward_hooks is not network._forward_hooks
    assert copied.first._forward_hooks is not network.first._forward_hooks
    assert list(copied.state_dict()) == list(network.state_dict())


def test_tensors_are_on_meta_with_the_same_strides():
    copied = meta_copy(Parts(Tied()))

    assert all(tensor.is_meta for tensor in (*copied.parameters(), *copied.buffers()))
    assert isinstance(copied.first.bias, nn.Parameter)
    assert (copied.table.shape, copied.table.stride()) == ((3, 2), (1, 3))


class OwnWay(nn.Linear):
    def __deepcopy__(self, memo):
        other = OwnWay(2, 2, device="meta")
        other.way = "own"
        return other


class OwnState(nn.Linear):
    def __getstate__(self):
        return {**super().__getstate__(), "state": "own"}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.restored = True


def test_modules_are_copied_their_own_way_where_they_have_one():
    copied = meta_copy(Parts(nn.Sequential(OwnWay(2, 2), OwnState(2, 2))))

    assert copied[0].way == "own"
    assert (copied[1].state, copied[1].restored) == ("own", True)


@pytest.mark.parametrize("layer", [nn.LSTM(3, 4), nn.MultiheadAttention(4, 2), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(3)])
def test_the_attributes_are_those_of_a_deep_copy(layer):
    copied, deep = meta_copy(Parts(layer)), copy.deepcopy(layer)

    assert list(copied.__dict__) == list(deep.__dict__)
    for name, value in deep.__dict__.items():
        if not isinstance(value, dict | list):
            assert copied.__dict__[name] == value


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, 3),
        torch.ones(5, 4)[1:3],
        torch.ones(2, 3, requires_grad=True) * 2,
        torch.ones(3).expand(2, 3),
        torch.ones(0, 3),
        torch.ones(4).as_strided((4, 1), (1, 9)),
        torch.ones(2, 3, 4, 4).to(memory_format=torch.channels_last),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.ones(2, dtype=torch.complex64).conj().imag,
        torch.ones(3, 3).to_sparse(),
        nn.Parameter(torch.ones(2)),
    ],
)
def test_an_argument_is_copied_to_meta_as_torch_copies_it(tensor):
    def facts(copied):
        storage = () if copied.is_sparse else (copied.stride(), copied.untyped_storage().nbytes())
        flags = copied.requires_grad, copied.is_leaf, copied.is_conj(), copied.is_neg()
        return type(copied), copied.shape, copied.dtype, copied.device, copied.layout, flags, storage

    assert facts(copy_to(tensor, "meta")) == facts(tensor.detach().to("meta", copy=True))
