"""Networks of other libraries: the comparison itself, and a sample of the table if the libraries are installed."""

import pytest
import torch
from torch import nn

from benchmarks import libraries
from benchmarks.libraries import REPORT, count_with_torch, examine, summarise, write_table
from benchmarks.live import count_saved_bytes
from benchmarks.networks import LINES, Line
from benchmarks.networks.line import Call


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


def make(network=Attends, **more):
    return Line("torch", "attention", "Attends", lambda: Call(network(), (torch.ones(2, 5, 8),)), **more)


@pytest.mark.filterwarnings("ignore")
def test_a_line_is_counted_compared_and_trained():
    found = examine(make(trained=True))

    assert found.problems == found.differs == ()
    assert found.where == "meta"
    # 10 tokens through four 8x8 products, which torch counts; scores of 5 x 5, twice, which torch does not count
    assert (found.torch_macs, found.beside) == (
        10 * 4 * 64,
        {"scaled_dot_product_flash_attention_for_cpu": 2 * 2 * 2 * 100},
    )
    assert found.saved[0] == found.saved[1] > 0
    assert found.peaks[0] == found.peaks[1] > 0


@pytest.mark.filterwarnings("ignore")
def test_what_fails_or_differs_is_named(monkeypatch):
    class Raises(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    assert "ValueError: no" in examine(make(Raises)).error
    monkeypatch.setattr(libraries, "ARITHMETIC", {})
    found = examine(make())
    assert found.problems == ("multiply-adds",)
    text = summarise([found]) + write_table([found, examine(make(Raises))])
    assert "1 other multiply-adds" in text
    assert "ValueError" in text


def test_only_what_is_alive_is_saved():
    """An unreachable graph keeps nothing: of two exponentials only one keeps its 3 numbers of 4 bytes."""
    x = torch.ones(3, requires_grad=True)

    def forward():
        x.exp()
        return x.exp()

    assert count_saved_bytes(forward, [x]) == 3 * 4


def test_the_table_is_as_large_as_it_has_to_be():
    assert len(LINES) >= 120
    assert len({line.name for line in LINES if line.library == "transformers"}) >= 60
    assert sum(line.trained for line in LINES) >= 30
    assert len({(line.library, line.name) for line in LINES}) == len(LINES)


def test_the_report_has_a_row_for_every_line():
    rows = [row.split(" | ")[:2] for row in REPORT.read_text(encoding="utf-8").splitlines() if row.startswith("| ")]
    assert [(library.removeprefix("| "), name) for library, name in rows[1:] if ":--" not in library] == [
        (line.library, line.name) for line in LINES
    ]


@pytest.mark.extras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["BertModel", "T5ForConditionalGeneration", "MixtralForCausalLM", "CLIPModel", "Mamba2Model"]
)
def test_a_sample_is_as_it_should_be(name):
    pytest.importorskip("transformers")
    [line] = [line for line in LINES if line.name == name]
    found = examine(line)
    assert found.problems == ()
    assert found.where == "meta"
    assert count_with_torch(line)[0] == found.torch_macs
