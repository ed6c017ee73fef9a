"""A walk on meta clears its tensors from caches outside the network: the next forward finds real tensors."""

import functools
import gc
import sys
import threading
import types

import nets_caching
import pytest
import torch
from nets_caching import PLACES, TABLES, Layer, forget
from torch import nn

import archcost
from archcost.walk import Caches, caches
from archcost.walk.holders import release

X = torch.ones(2, 4)


SOME = [
    name for name in PLACES if name.endswith(("global_table", "itself", "functools_cache", "cached_method", "class"))
]


def meta_tensors():
    gc.collect()
    return {id(value) for value in gc.get_objects() if issubclass(type(value), torch.Tensor) and value.is_meta}


@pytest.fixture(scope="module")
def known():
    """Return the meta tensors that existed before this file's tests."""
    return meta_tensors()


@pytest.fixture(autouse=True)
def nothing_stays(known):
    """Check that no test leaves a new meta tensor behind."""
    forget()
    yield
    left = meta_tensors() - known
    known |= left
    assert not left


@pytest.mark.parametrize("place", PLACES)
def test_the_network_runs_as_before(place):
    network = Layer(place)

    report = archcost.profile(network, X)

    assert report.environment["device"] == "meta"
    assert report.totals.macs == 2 * 4 * 4
    assert not report.warnings
    assert network(X).device.type == "cpu"


def test_a_cache_loses_only_what_the_walk_put_in():
    TABLES["masks"][3] = mask = torch.ones(3)
    archcost.profile(Layer("in_a_table_of_tables"), X)
    assert {"masks": {3: mask}, "scale": 2} == TABLES


class Asking(Layer):
    """Fills its cache, then needs a value."""

    def forward(self, x):
        result = super().forward(x)
        return result if result.sum().item() > 0 else -result


@pytest.mark.parametrize("place", SOME)
def test_a_cache_filled_on_meta_does_not_spoil_the_walk_on_the_cpu(place):
    network = Asking(place)

    report = archcost.profile(network, X)

    assert report.environment["device"] == "cpu"
    assert report.totals.macs == 2 * 4 * 4
    assert network(X).device.type == "cpu"


def test_a_large_library_in_reach_hides_no_cache_of_the_networks_own(monkeypatch):
    monkeypatch.setattr(caches, "MOST", 500)
    monkeypatch.setattr(nets_caching, "TABLE", {0: [[[]] for _ in range(900)]})  # comes before the class in the module

    archcost.profile(Asking("in_another_class"), X)

    assert nets_caching.Tables.mask.device.type == "cpu"


class Failing(Layer):
    def forward(self, x):
        super().forward(x)
        raise ValueError("on purpose")


@pytest.mark.parametrize("place", SOME)
def test_nor_does_a_walk_that_fails_leave_anything(place):
    with pytest.raises(archcost.ArchcostError, match="on purpose"):
        archcost.profile(Failing(place), X, device="meta")
    assert Layer(place)(X).device.type == "cpu"


def test_a_place_that_cannot_be_cleared_is_named():
    kept = []

    class Network(nn.Module):
        def forward(self, x):
            kept.append(functools.partial(torch.add, torch.ones(4)))
            return kept[0](x)

    report = archcost.profile(Network(), X)

    assert kept[0].args[0].is_meta
    kept.clear()
    (warning,) = report.warnings
    assert "functools.partial" in warning
    assert "--device cpu" in warning


def test_what_a_thread_has_out_of_sight_is_cleared_and_python_goes_on(monkeypatch):
    """Python keeps a thread's variables in a separate table, and crashes if an entry is missing."""
    hidden = types.ModuleType("hidden_from_the_walk")
    hidden.local = threading.local()
    monkeypatch.setitem(sys.modules, hidden.__name__, hidden)

    class Network(nn.Module):
        def forward(self, x):
            from hidden_from_the_walk import local

            if not hasattr(local, "mask"):
                local.mask = torch.ones(4)
            return x * local.mask

    for _ in range(3):
        assert archcost.profile(Network(), X).warnings == ()
    assert vars(hidden.local) == {}
    assert Network()(X).device.type == "cpu"


def test_outputs_that_a_hook_collects_on_meta_do_not_stay():
    outputs, network = [], nn.Sequential(nn.Linear(4, 4))
    network[0].register_forward_hook(lambda module, given, output: outputs.append(output))
    archcost.profile(network, X)
    assert not outputs


def test_an_output_that_refers_to_itself_is_no_cache():
    class Network(nn.Module):
        def forward(self, x):
            result = {"x": x + 1}
            result["self"] = result
            return result["x"]

    assert not archcost.profile(Network(), X).warnings


def test_real_tensors_in_a_cache_stay():
    @functools.cache
    def mask(device):
        return torch.ones(4, device=device)

    class Network(nn.Module):
        def forward(self, x):
            return x * mask(x.device)

    network = Network()
    network(X)
    report = archcost.profile(network, X)
    assert report.environment["device"] == "meta"
    network(X)
    assert mask(torch.device("cpu")).tolist() == [1, 1, 1, 1]


def test_a_set_that_shrinks_while_it_is_looked_through_is_no_failure(monkeypatch):
    """A weakly referenced object may die meanwhile, and its entry goes, too."""
    entries = {1, 2, 3}
    caches = Caches()
    caches._before = [(entries, {1, 2})]

    def shrink(item, alive):
        entries.discard(item)
        return False

    monkeypatch.setattr("archcost.walk.caches.holds", shrink)
    caches._restore({0})
    assert entries == set()


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # of torch 2.11, even if an argument disables them
def test_tensors_without_a_storage_are_passed_over():
    held, sparse = {}, torch.sparse_coo_tensor(size=(3, 3), device="meta", check_invariants=False)
    held["it"] = torch.ones(2, device="meta")

    assert release({held["it"].untyped_storage()._cdata}) == ()
    assert held == {}
    assert sparse.is_meta
