"""Dropout on a GPU: boolean masks, and attention that keeps no scores."""

import pytest
import torch
from real_memory import saved_bytes, training_peak
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

import archcost

FLASH, EFFICIENT = "aten._scaled_dot_product_flash_attention", "aten._scaled_dot_product_efficient_attention"


class Attention(nn.Module):
    def __init__(self, mask=None, dropout=0.1):
        super().__init__()
        self.scale, self.mask, self.dropout = nn.Parameter(torch.ones(1)), mask, dropout

    def forward(self, x):
        x = x * self.scale
        return scaled_dot_product_attention(x, x, x, attn_mask=self.mask, dropout_p=self.dropout * self.training)


class Bags(nn.Module):
    def __init__(self, options, ends, weights, dtype):
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, dtype=dtype, **options)
        self.register_buffer("ends", torch.tensor(ends))
        self.register_buffer("weights", weights)

    def forward(self, rows):
        return self.bag(rows, self.ends, self.weights)


def trained(net, x, **options):
    return archcost.profile(net, x, device="meta", train="sgd", loss="sum", **options)


def test_dropout_keeps_a_boolean_mask():
    """The mask of 4 x 8 elements takes 32 B on a GPU, 128 B on the CPU; the layer keeps its input, 4 x 3."""
    net, x = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5)), torch.zeros(4, 3)
    assert trained(net, x).totals.saved_bytes == 4 * 4 * 3 + 4 * 8
    assert trained(net, x, like="cpu").totals.saved_bytes == 4 * 4 * 3 + 4 * 4 * 8


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({"mode": "sum"}, ()),
        ({"mode": "sum"}, ("weights",)),
        ({"mode": "sum", "padding_idx": 3}, ()),
        ({"mode": "mean"}, ()),
        ({"mode": "mean", "include_last_offset": True}, ()),
        ({"mode": "max"}, ()),
        ({"mode": "max", "include_last_offset": True}, ()),
    ],
)
def test_an_embedding_bag_keeps_what_the_cpu_keeps(options, more, dtype):
    """Bags of 3 and 4 rows: of int64, the bag of each row (one place is spare), the sizes and the largest rows."""
    ends = [0, 3, 7] if options.get("include_last_offset") else [0, 3]
    net, rows = Bags(options, ends, torch.ones(7, dtype=dtype) if more else None, dtype), torch.arange(7)
    found = trained(net, rows, like="cpu").totals
    assert found.saved_bytes == saved_bytes(net, rows, like="cpu")
    assert found.macs == archcost.profile(net, rows, device="cpu").totals.macs


def test_a_real_step_with_boolean_masks_has_that_peak():
    net = nn.Sequential(nn.Linear(30, 80), nn.GELU(), nn.Dropout(0.5), nn.Linear(80, 10))
    x = torch.zeros(64, 30)
    totals = archcost.profile(net, x, device="meta", train="adamw").totals
    assert totals.saved_bytes == saved_bytes(net, x, like="cuda")
    assert totals.peak_training_bytes == training_peak(net, x, "adamw", like="cuda")


CASES = [
    ((2, 4, 64, 32), torch.float32, None, EFFICIENT),  # flash supports half precision alone
    ((2, 4, 64, 32), torch.bfloat16, None, FLASH),
    ((2, 4, 64, 36), torch.bfloat16, None, FLASH),  # padded to 40
    ((2, 4, 64, 32), torch.float16, torch.ones(64, 64, dtype=torch.bool), EFFICIENT),  # flash does not support masks
    ((2, 4, 64, 30), torch.float32, None, None),  # 120 bytes are not in steps of 16
    ((2, 4, 64, 32), torch.float64, None, None),
    ((4, 64, 32), torch.float32, None, None),
]
NAMES = {FLASH: "by the flash kernel", EFFICIENT: "by the memory-efficient kernel", None: "by separate operators"}


@pytest.mark.parametrize("dropout", [0.1, 0.0])
@pytest.mark.parametrize(("shape", "dtype", "mask", "kernel"), CASES)
def test_the_kernel_is_that_which_cuda_would_choose_and_is_named(shape, dtype, mask, kernel, dropout):
    report = trained(Attention(mask, dropout).to(dtype), torch.zeros(shape, dtype=dtype))
    assert {FLASH, EFFICIENT} & set(report.operators) == ({kernel} if kernel else set())
    padded = -(-shape[-1] // 8) * 8 if kernel == FLASH else shape[-1]  # archcost counts what really runs
    assert report.totals.macs == 2 * 64 * 64 * 2 * padded * (4 if len(shape) == 4 else 2)
    assert not report.uncovered
    assert [note for note in report.warnings if NAMES[kernel] in note]


def test_kernels_that_are_switched_off_are_not_chosen():
    x = torch.zeros(2, 4, 64, 32, dtype=torch.bfloat16)
    with sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
        assert EFFICIENT in trained(Attention(), x).operators
    with sdpa_kernel(SDPBackend.MATH):
        assert not {EFFICIENT, FLASH} & set(trained(Attention(), x).operators)


def test_a_mask_in_rows_that_do_not_align_is_padded():
    """A mask of 60 x 60 is padded to rows of 64, as in torch's kernel; a buffer of 64 x 64 is kept unchanged."""
    for length, padded in ((60, 4 * 60 * 64), (64, 0)):
        net, plain = Attention(torch.zeros(length, length)), Attention()
        x = torch.zeros(1, 1, length, 32)
        kept = [trained(each, x).totals.saved_bytes for each in (net, plain)]
        given = 0 if padded else 4 * length * length  # a constant of the forward is kept unchanged
        assert kept[0] - kept[1] == padded + given


def test_the_fused_kernels_keep_no_scores():
    """The layer keeps the scaled input once (q, k and v are one), the result, a number per row of scores, two seeds."""
    batch, heads, length, width = 2, 4, 64, 32
    elements, rows = batch * heads * length * width, batch * heads * length
    saved = trained(Attention(), torch.zeros(batch, heads, length, width)).totals.saved_bytes
    assert saved == 4 * (3 * elements + rows) + 2 * 8
    apart = trained(Attention(), torch.zeros(batch, heads, length, width), like="cpu").totals.saved_bytes
    assert apart > saved + 4 * rows * length


@pytest.mark.parametrize(("shape", "dtype", "mask", "kernel"), CASES)
def test_where_nothing_trains_the_kernel_is_cudas_too(shape, dtype, mask, kernel):
    net, x = Attention(mask).to(dtype), torch.zeros(shape, dtype=dtype)
    report = archcost.profile(net, x, device="meta")
    assert {FLASH, EFFICIENT} & set(report.operators) == ({kernel} if kernel else set())
    assert [note for note in report.warnings if NAMES[kernel] in note]
    cpu = archcost.profile(net, x, device="meta", like="cpu")
    assert not {FLASH, EFFICIENT} & set(cpu.operators)
    assert not cpu.warnings


def test_attention_of_heads_that_nothing_fuses_holds_scores_where_nothing_trains():
    """A head has 30 elements, 120 bytes: 16 queries and 1,024 keys give 4 x 16 x 1024 scores, doubled by a softmax."""
    queries, keys = (torch.zeros(1, 4, length, 30) for length in (16, 1024))

    class Crossed(nn.Module):
        def forward(self, query, key):
            return scaled_dot_product_attention(query, key, key)

    scores = 4 * 4 * 16 * 1024
    on_gpu, on_cpu = (
        archcost.profile(Crossed(), (queries, keys), device="meta", like=like).totals.peak_inference_bytes
        for like in ("cuda", "cpu")
    )
    given = queries.nbytes + keys.nbytes
    assert on_cpu == given + queries.nbytes + 4 * 4 * 16  # the result, and a number for each row of scores
    assert on_gpu >= given + 2 * scores


def heads(count, *, batch=2, length=64, width=32, turned=False):
    made = torch.zeros(batch, count, *((width, length) if turned else (length, width)), dtype=torch.bfloat16)
    return made.transpose(-2, -1) if turned else made


@pytest.mark.parametrize(
    ("query", "key", "mask", "shares", "kernel"),
    [
        (heads(4), heads(2), None, True, FLASH),
        (heads(4), heads(1, batch=1), None, True, None),  # batches that are broadcast
        (heads(4), heads(1), None, False, None),
        (heads(4, turned=True), heads(4), None, False, None),  # rows that are not contiguous
        (heads(4, width=1, turned=True), heads(4, width=1), None, False, FLASH),  # one element is always contiguous
        (heads(4), heads(4), torch.zeros(64, 64, dtype=torch.bfloat16).T, False, None),
        (heads(4), heads(4), torch.zeros(64, 64, dtype=torch.bfloat16), False, EFFICIENT),
    ],
)
def test_what_the_kernels_ask_of_shapes_and_layouts(query, key, mask, shares, kernel):
    class Asks(nn.Module):
        def __init__(self):
            super().__init__()
            self.mask = mask

        def forward(self, query, key):
            return scaled_dot_product_attention(query, key, key, attn_mask=self.mask, enable_gqa=shares)

    report = archcost.profile(Asks(), (query, key), device="meta")
    assert {FLASH, EFFICIENT} & set(report.operators) == ({kernel} if kernel else set())


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_attention_within_torchs_own_layers_is_the_same_operator_as_on_the_cpu(dropout):
    """`nn.MultiheadAttention` calls attention and dropout within one of torch's Python functions."""
    net = nn.Sequential(nn.Linear(8, 32), nn.TransformerEncoderLayer(32, 4, 64, dropout=dropout, batch_first=True))
    net.append(nn.Flatten())
    x = torch.zeros(2, 6, 8)
    for how in ({}, {"train": "adam"}):
        meta, real = (
            archcost.profile(net, x, **device, **how)
            for device in ({"device": "meta", "like": "cpu"}, {"device": "cpu"})
        )
        assert meta.totals == real.totals
        assert [op for op in meta.operators if "attention" in op] == [op for op in real.operators if "attention" in op]
    assert meta.totals.peak_training_bytes == training_peak(net, x, "adam", like="cpu")
    assert meta.totals.saved_bytes == saved_bytes(net, x, like="cpu")


def test_an_encoder_layer_keeps_no_scores_on_a_gpu():
    """For 64 positions the memory-efficient kernel keeps a number per row of scores instead of the row."""
    layer, x = nn.TransformerEncoderLayer(32, 4, 48, dropout=0.1, batch_first=True), torch.zeros(2, 64, 32)
    saved = [trained(layer, x, like=like, saved=True).saved for like in ("cuda", "cpu")]
    scores = [[each for each in side if each.shape[-2:] == (64, 64)] for side in saved]
    assert not scores[0]
    assert scores[1]
    assert [each.nbytes for each in saved[0] if each.shape == (2, 4, 64)] == [4 * 2 * 4 * 64]
