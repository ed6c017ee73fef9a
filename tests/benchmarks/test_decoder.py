"""The decoder is a language model of the published sizes, with the costs of arithmetic by hand."""

import pytest
import torch

import archcost
from archcost.sources import InputSpec
from benchmarks import decoder, process
from benchmarks.process import Process, finished

VOCABULARY, TOKENS = 32_000, 128
SIZES = {  # width, layers, heads, heads of keys, SwiGLU's width; the parameters of the published checkpoints
    "llama_7b": (4096, 32, 32, 32, 11_008, 6_738_415_616),
    "llama_13b": (5120, 40, 40, 40, 13_824, 13_015_864_320),
    "llama_70b": (8192, 80, 64, 8, 28_672, 68_976_648_192),
}


@pytest.mark.parametrize("name", SIZES)
def test_parameters_and_multiply_adds_are_those_by_hand(name):
    width, layers, heads, key_heads, hidden, published = SIZES[name]
    shared = width * key_heads // heads
    products = width * width + 2 * width * shared + width * width + 3 * width * hidden  # q; k and v; out; SwiGLU
    scores = 2 * TOKENS * width  # q k^T and (scores) v: heads x (width / heads), for each token before and after
    totals = archcost.profile(
        f"{decoder.__file__}:{name}", (InputSpec(shape=(TOKENS,), dtype="int64"),), device="meta"
    ).totals

    assert totals.params == 2 * VOCABULARY * width + layers * (products + 2 * width) + width == published
    assert totals.macs == TOKENS * (layers * (products + scores) + width * VOCABULARY)
    assert totals.depth == 4 * layers + 1  # q beside k and v, out, gate beside up, down; the head
    # the peak: the weights, and in a block the stream and three tensors of SwiGLU's width or less, or the logits
    activations = totals.peak_inference_bytes - 4 * totals.params
    assert 4 * TOKENS * 2 * hidden < activations <= 4 * TOKENS * (3 * hidden + 4 * width + VOCABULARY)


def test_a_tied_weight_is_counted_once_and_used_twice():
    apart, tied = (
        archcost.profile(
            f"{decoder.__file__}:llama_7b?layers=1&tied={tied}", (InputSpec(shape=(8,), dtype="int64"),), device="meta"
        ).totals
        for tied in ("false", "true")
    )

    assert apart.params - tied.params == VOCABULARY * 4096
    assert apart.macs == tied.macs


def small(**changes):
    torch.manual_seed(0)
    return decoder.Decoder(**{
        "width": 32, "layers": 2, "heads": 4, "key_heads": 2, "hidden": 48, "vocabulary": 10, "tied": False, **changes
    })  # fmt: skip


def test_no_token_sees_a_later_one():
    net, tokens = small(), torch.tensor([[1, 2, 3, 4, 5]])
    changed = torch.tensor([[1, 2, 3, 9, 5]])

    torch.testing.assert_close(net(tokens)[:, :3], net(changed)[:, :3])
    assert not torch.allclose(net(tokens)[:, 3:], net(changed)[:, 3:])


def test_positions_are_relative():
    """The product of a query and a key, rotated by their positions, depends only on their distance."""
    query, key = torch.randn(2, 16, dtype=torch.float64)
    angles = torch.outer(torch.arange(9), decoder.THETA ** -(torch.arange(0, 16, 2, dtype=torch.float64) / 16))
    turned = [
        decoder.rotated(vector.expand(1, 1, 9, 16), (angles.cos(), angles.sin()))[0, 0] for vector in (query, key)
    ]
    products = turned[0] @ turned[1].T

    torch.testing.assert_close(products[:-1, :-1], products[1:, 1:])
    assert products[0].std() > 0.1


def test_heads_that_share_keys_are_those_with_copies_of_them():
    """Each of two key heads serves two adjacent query heads."""
    grouped, whole = small(layers=1), small(layers=1, key_heads=4)
    state = grouped.state_dict()
    for name in ("key", "value"):
        weight = state[f"blocks.0.attention.{name}.weight"]
        state[f"blocks.0.attention.{name}.weight"] = weight.unflatten(0, (2, 8)).repeat_interleave(2, 0).flatten(0, 1)
    whole.load_state_dict(state)

    torch.testing.assert_close(grouped(torch.arange(6)[None]), whole(torch.arange(6)[None]))


def test_too_long_or_too_much_is_a_failure(capsys, monkeypatch):
    real = finished("-m", "archcost", "profile", "lenet5", "--format", "json", "-q")
    imported = Process(seconds=2, peak_bytes=0, output="")
    assert real.seconds > 0
    assert real.peak_bytes > 10**8  # torch alone

    for seconds, peak_bytes, code in ((11.9, 10**9, 0), (12.1, 10**9, 1), (11.9, 10**9 + 1, 1)):
        walked = Process(seconds=seconds, peak_bytes=peak_bytes, output=real.output)
        monkeypatch.setattr(process, "finished", lambda *given, walked=walked: imported if "-c" in given else walked)
        assert decoder.main(("lenet5",), rounds=1) == code

    line = capsys.readouterr().out.splitlines()[1].split()
    assert (line[0], line[4], line[6]) == ("lenet5", "9.90", "1.00")
    totals = archcost.profile("lenet5", device="meta").totals
    assert line[1:3] == [f"{totals.params:,}", f"{totals.macs:,}"]


@pytest.mark.parametrize("train", [None, "adamw"])
def test_it_costs_on_the_meta_device_what_it_does_on_the_cpu(train):
    meta, real = (
        archcost.profile(small(tied=True), torch.arange(6)[None], device=device, train=train, like=like)
        for device, like in (("meta", "cpu"), ("cpu", None))
    )

    assert meta.uncovered == {}
    assert (meta.totals, meta.layers) == (real.totals, real.layers)
