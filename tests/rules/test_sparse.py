"""Products of sparse matrices: a multiply-add for each stored element, never for empty positions."""

import warnings

import pytest
import torch
from torch import nn

import archcost

DENSE = torch.zeros(6, 6).index_put_((torch.tensor([0, 1, 1, 4, 5]), torch.tensor([3, 0, 2, 4, 5])), torch.ones(5))
STORED = 5
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch warns that this layout is in beta
    LAYOUTS = {"coo": DENSE.to_sparse(), "csr": DENSE.to_sparse_csr()}


class Propagated(nn.Module):
    """A graph convolution: features, and their propagation between neighbours."""

    def __init__(self, product):
        super().__init__()
        self.layer, self.product = nn.Linear(4, 3), product

    def forward(self, adjacency, x):
        return self.product(adjacency, self.layer(x))


PRODUCTS = {
    "torch.sparse.mm": torch.sparse.mm,
    "@": lambda adjacency, x: adjacency @ x,
    "addmm": lambda adjacency, x: torch.sparse.addmm(x, adjacency, x),
}


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("product", ["torch.sparse.mm", "@", "addmm"])
@pytest.mark.parametrize("device", ["auto", "cpu"])  # the meta device cannot know the number of stored elements
def test_a_sparse_product_counts_what_is_stored(layout, product, device):
    network, arguments = Propagated(PRODUCTS[product]), (LAYOUTS[layout], torch.ones(6, 4))
    report = archcost.profile(network, arguments, device=device)
    assert report.totals.macs == 6 * 4 * 3 + STORED * 3
    assert report.uncovered == {}
    assert not any("counted dense" in warning for warning in report.warnings)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_adjacency_takes_the_bytes_of_its_values_and_indices(layout):
    report = archcost.profile(Propagated(torch.sparse.mm), (LAYOUTS[layout], torch.ones(6, 4)), device="cpu")
    places = {"coo": 2 * STORED, "csr": STORED + 7}[layout]  # two indices per element; or its column, and row starts
    assert report.layers[0].activation_bytes == 4 * STORED + 8 * places


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_two_sparse_operands(device):
    class Paths(nn.Module):
        def forward(self, adjacency):
            return torch.sparse.mm(adjacency, adjacency)

    report = archcost.profile(Paths(), (torch.eye(6).to_sparse(),), device=device)
    assert report.totals.macs == 6  # each of 6 stored elements meets a row with one stored element
    assert report.uncovered == {}


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_dense_operand_is_counted_dense_and_said_so(device):
    network, arguments = Propagated(torch.sparse.mm), (DENSE, torch.ones(6, 4))
    report = archcost.profile(network, arguments, device=device)
    assert report.totals.macs == 6 * 4 * 3 + 6 * 6 * 3
    assert any("counted dense" in warning for warning in report.warnings)
