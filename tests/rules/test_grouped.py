"""Grouped products of a mixture of experts, and their backward pass."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import archcost
from tests.peer_packages import peer

DEVICES = ("meta", "cpu")


class Experts(nn.Module):
    """Three experts from 8 to 16 and back; each of 9 rows goes to one expert."""

    macs = 9 * 8 * 16 + 9 * 16 * 8

    def __init__(self, dtype):
        super().__init__()
        self.up = nn.Parameter(torch.ones(3, 8, 16, dtype=dtype))
        self.down = nn.Parameter(torch.ones(3, 16, 8, dtype=dtype))

    def forward(self, x):
        ends = torch.tensor([2, 5, 9], dtype=torch.int32, device=x.device)
        return functional.grouped_mm(functional.grouped_mm(x, self.up, offs=ends), self.down, offs=ends).relu()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_row_is_multiplied_by_its_expert(device, dtype):
    report = archcost.profile(Experts(dtype), torch.ones(9, 8, dtype=dtype), device=device)
    assert report.totals.macs == Experts.macs
    assert report.totals.depth == 2
    assert report.uncovered == {}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_backward_is_two_products_for_each_but_the_inputs_own(device, dtype):
    report = archcost.profile(Experts(dtype), torch.ones(9, 8, dtype=dtype), device=device, train="sgd", loss="sum")
    assert report.totals.macs == Experts.macs
    assert report.totals.backward_macs == 2 * Experts.macs - 9 * 8 * 16  # the input needs no gradient
    assert report.uncovered == {}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_training_takes_the_same_memory_on_both_devices(dtype):
    both = [
        archcost.profile(Experts(dtype), torch.ones(9, 8, dtype=dtype), device=device, train="sgd", loss="sum").totals
        for device in DEVICES
    ]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("rows", "columns", "macs"),
    [
        ((9, 8), (3, 8, 16), 9 * 8 * 16),
        ((4, 16), (16, 16), 4 * 16 * 16),  # the sum is in groups: three results
        ((3, 4, 8), (8, 9), 4 * 8 * 9),  # the columns are in groups
        ((3, 4, 8), (3, 8, 16), 3 * 4 * 8 * 16),
    ],
)
@pytest.mark.parametrize("device", DEVICES)
def test_every_form_of_a_product_of_groups(rows, columns, macs, device):
    class Product(nn.Module):
        def forward(self, a, b):
            ends = torch.tensor([2, 5, 9], dtype=torch.int32, device=a.device)
            # torch needs the columns of one expert together
            b = b.transpose(-1, -2).contiguous().transpose(-1, -2)
            return torch._grouped_mm(a, b, offs=None if rows[0] == columns[0] == 3 and len(columns) == 3 else ends)

    report = archcost.profile(Product(), (torch.ones(rows), torch.ones(columns)), device=device)
    assert report.totals.macs == macs
    assert report.uncovered == {}


@pytest.mark.filterwarnings("ignore")  # warnings of the libraries
def test_mixtral_counts_its_experts():
    peer("torchvision")  # transformers checks for it
    transformers = pytest.importorskip("transformers")
    layers, tokens, width, hidden, experts, chosen = 2, 2048, 4096, 14_336, 8, 2
    configuration = transformers.MixtralConfig(num_hidden_layers=layers, vocab_size=32_000)
    with torch.device("meta"):
        network = transformers.AutoModelForCausalLM.from_config(configuration, dtype=torch.bfloat16).eval()
    report = archcost.profile(network, torch.zeros(1, tokens, dtype=torch.int64, device="meta"))
    projections = tokens * (2 * width * width + 2 * width * 1024)  # 32 heads for queries, 8 for keys and values
    attention = 2 * tokens * tokens * width
    routed = tokens * experts * width + chosen * tokens * 3 * width * hidden
    assert report.totals.macs == layers * (projections + attention + routed) + tokens * width * 32_000
    assert report.totals.macs == 1_952_196_853_760
    assert report.uncovered == {}
