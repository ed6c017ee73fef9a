"""A profile starts nothing, and does not change its arguments, versions, gradients or modes."""

import copy
import threading
from abc import ABCMeta
from dataclasses import dataclass, field

import pytest
import torch
from counting import Calls
from torch import nn
from torch.nn.utils.rnn import pack_sequence

import archcost

X = torch.ones(2, 4)


class Trainer(nn.Module):
    """`train` starts a training, as in some libraries."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.started = inner, []

    def forward(self, x):
        return self.inner(x)

    def train(self, data=None, **settings):
        self.started.append(data)
        raise SystemExit("a training run")


class TakesAnything(Trainer):
    def train(self, *args, **kwargs):
        self.started.append(args)


class TakesEpochs(Trainer):
    def train(self, epochs=1):
        self.started.append(epochs)


@pytest.mark.parametrize("kind", [Trainer, TakesAnything, TakesEpochs])
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_no_training_is_started(kind, mode, device):
    network = kind(nn.Sequential(nn.Linear(4, 4), nn.Dropout()))
    for outer in (network, nn.Sequential(network)):
        report = archcost.profile(outer, X, mode=mode, device=device)
        dropped = sum("dropout" in op.op for op in report.ops) if hasattr(report, "ops") else None
        assert report.network.mode == mode
        assert dropped in {None, mode == "train"}
    assert not network.started


class Frozen(nn.Sequential):
    """Keeps its batch norms in eval mode, as in fine-tuning."""

    def train(self, mode=True):
        super().train(mode)
        self[1].eval()
        return self


def test_a_train_that_sets_a_mode_is_asked():
    frozen = Frozen(nn.Linear(4, 4), nn.BatchNorm1d(4))
    plain = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).eval()
    for network in (frozen, nn.Sequential(frozen)):
        trained = archcost.profile(network, X, train="sgd", device="cpu").totals
        assert (
            trained.saved_bytes
            == archcost.profile(plain, X, train="sgd", mode="as-is", device="cpu").totals.saved_bytes
        )


class Cache:
    """Keys and values in a plain object, to which each forward adds."""

    def __init__(self, length):
        self.layers = [Entry(torch.ones(2, length, 4))]
        self.lock, self.itself = threading.Lock(), self
        self.calls = 0


class Entry:
    __slots__ = ("keys",)

    def __init__(self, keys):
        self.keys = keys


@dataclass
class Batch:
    x: torch.Tensor
    cache: Cache
    names: list = field(default_factory=list)


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(4, 4, bias=False)

    def forward(self, x, cache):
        cache.calls += 1
        entry = cache.layers[0]
        entry.keys = torch.cat([entry.keys, x.unsqueeze(1)], dim=1)
        return self.query(x).unsqueeze(1) @ entry.keys.transpose(1, 2)


class Unpacking(Attending):
    def forward(self, batch):
        batch.names.append("seen")
        return super().forward(batch.x, batch.cache)


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_cache_of_keys_is_an_input_and_does_not_grow(device, packed):
    cache = Cache(length=3)
    batch = Batch(X, cache)
    for _ in "12":
        report = archcost.profile(
            Unpacking() if packed else Attending(), batch if packed else (X, cache), device=device
        )
        assert report.environment["device"] == ("meta" if device == "auto" else "cpu")
        # the query, 2 x 4 x 4, and its products with the 3 earlier keys and the new one, 2 x 4 x 4
        assert report.totals.macs == 2 * 4 * 4 + 2 * 4 * 4
        assert [given.shape for given in report.network.inputs] == [(2, 4), (2, 3, 4)]
    assert cache.layers[0].keys.shape == (2, 3, 4)
    assert cache.calls == 0
    assert batch.names == []


def test_a_tensor_given_twice_is_one_and_views_of_containers_stay_what_they_are():
    class Network(nn.Module):
        def forward(self, pair, again, packed, generator, steps):
            assert pair[0] is again["x"]
            assert packed.batch_sizes.device.type == "cpu"
            next(steps)
            return pair[0] + torch.rand(2, 4, generator=generator, device="cpu").to(pair[0].device)

    generator = torch.Generator()
    state = generator.get_state()
    arguments = ([X], {"x": X}, pack_sequence([torch.ones(2, 1)]), generator, iter([1, 2, 3, 4]))
    archcost.profile(Network(), arguments, device="cpu")
    assert torch.equal(generator.get_state(), state)


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_class_that_a_library_makes_as_it_runs_is_looked_into(device):
    """Such a class bears the name of the module that made it, as the batches of graphs of torch_geometric do."""

    class Batch:
        def __init__(self):
            self.nodes = torch.ones(4, 3)

    made = ABCMeta("BatchOfBatches", (Batch,), {"__module__": "abc"})()
    report = archcost.profile(Calls(lambda batch: batch.nodes * 2), (made,), device=device)
    assert report.environment["device"] == device
    assert report.totals.activation_elements == 12 + 12
    assert report.network.inputs[0].shape == (4, 3)
    assert made.nodes.device.type == "cpu"


def test_an_argument_that_cannot_be_copied_is_named():
    class Stubborn:
        x = X

        def __deepcopy__(self, memo):
            raise TypeError("no copies of me")

    with pytest.raises(archcost.ArchcostError, match="no copies of me"):
        archcost.profile(nn.Linear(4, 4), (Stubborn(),))


class Slots:
    """An object without an attribute dictionary."""

    __slots__ = ("seen", "sum")

    def __init__(self):
        self.sum = torch.zeros(4)


class WithCache(nn.Module):
    """Keeps a plain object, nested containers and an unregistered layer."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.cache = Cache(length=1)
        del self.cache.lock  # the network cannot be copied, and the meta device needs a copy
        self.tables = {"a": {"b": []}, "c": [torch.zeros(4)]}
        self.hidden = [nn.BatchNorm1d(4)]
        self.slots = Slots()

    def forward(self, x):
        self.slots.sum, self.slots.seen = self.slots.sum + x.sum(0), True
        self.cache.calls += 1
        self.cache.layers.append(1)
        self.tables["a"]["b"].append(x)
        self.tables["c"][0].add_(1)
        return self.hidden[0](self.linear(x))


@pytest.mark.parametrize("device", ["cpu", "meta", "auto"])
@pytest.mark.parametrize("train", [None, "adam"])
def test_what_lies_deeper_in_attributes_is_as_it_was(device, train):
    network = WithCache()
    network.hidden[0].weight.grad = gradient = torch.full((4,), 7.0)
    archcost.profile(network, X, device=device, train=train, mode="train")
    assert (network.cache.calls, len(network.cache.layers)) == (0, 1)
    assert not hasattr(network.slots, "seen")
    assert network.slots.sum.tolist() == [0, 0, 0, 0]
    assert network.tables["a"] == {"b": []}
    assert network.tables["c"][0].tolist() == [0, 0, 0, 0]
    assert network.hidden[0].running_mean.tolist() == [0, 0, 0, 0]
    assert network.hidden[0].num_batches_tracked == 0
    assert network.hidden[0].weight.grad is gradient
    assert gradient.tolist() == [7] * 4
    assert network.hidden[0].bias.grad is None


@pytest.mark.parametrize("device", ["cpu", "auto"])
@pytest.mark.parametrize("train", [None, "sgd", "adam"])
def test_a_pending_backward_still_runs(device, train):
    network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    alone = copy.deepcopy(network)
    loss, expected = network(X).sum(), alone(X).sum()
    versions = [tensor._version for tensor in network.state_dict(keep_vars=True).values()]

    archcost.profile(network, X, device=device, train=train, mode="train")

    assert [tensor._version for tensor in network.state_dict(keep_vars=True).values()] == versions
    loss.backward()
    expected.backward()
    for ours, theirs in zip(network.parameters(), alone.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)


def test_gradients_are_given_back_when_the_walk_is_interrupted():
    class Network(nn.Linear):
        def forward(self, x):
            raise KeyboardInterrupt

    network = Network(4, 4)
    network.weight.grad = gradient = torch.ones(4, 4)
    with pytest.raises(KeyboardInterrupt):
        archcost.profile(network, X, device="cpu", train="sgd")
    assert network.weight.grad is gradient
