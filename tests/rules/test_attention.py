"""Attention costs the same fused and decomposed: l * s * (e + f) for each batch and head, masked or not."""

import pytest
import torch
from counting import macs, report
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

BATCH, HEADS, LENGTH, KEYS, WIDTH = 2, 3, 5, 7, 4
FUSED = {"cpu": "flash_attention_for_cpu", "meta": "efficient_attention"}  # meta follows CUDA's float32
FORWARD = BATCH * HEADS * LENGTH * KEYS * (WIDTH + WIDTH)


def qkv(**rest):
    return (
        torch.ones(BATCH, HEADS, LENGTH, WIDTH, **rest),
        torch.ones(BATCH, HEADS, KEYS, WIDTH, **rest),
        torch.ones(BATCH, HEADS, KEYS, WIDTH, **rest),
    )


def operators(found):
    return [name for name, costs in found.operators.items() if costs.macs]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_fused_equals_taken_apart(device):
    fused = report(scaled_dot_product_attention, *qkv(), device=device)
    with sdpa_kernel(SDPBackend.MATH):
        apart = report(scaled_dot_product_attention, *qkv(), device=device)
    assert operators(fused) == [f"aten._scaled_dot_product_{FUSED[device]}"]
    assert operators(apart) == ["aten.bmm"]
    assert fused.totals.macs == apart.totals.macs == FORWARD


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_mask_saves_nothing(device):
    def causal(q, k, v):
        return scaled_dot_product_attention(q, k, v, is_causal=True)

    def masked(q, k, v):
        return scaled_dot_product_attention(q, k, v, attn_mask=q.new_zeros(LENGTH, KEYS))

    assert macs(causal, *qkv(), device=device) == FORWARD
    assert macs(masked, *qkv(), device=device) == FORWARD


def test_other_operations_of_the_fused_kernel_are_those_of_its_parts():
    """They are scaling q and k, and a softmax of five operations; decomposed, each is a separate operator."""
    expected = BATCH * HEADS * (LENGTH * WIDTH + KEYS * WIDTH + LENGTH * KEYS * 5)
    with sdpa_kernel(SDPBackend.MATH):
        apart = report(scaled_dot_product_attention, *qkv(), device="meta")
    assert apart.totals.other_ops == expected
    assert report(scaled_dot_product_attention, *qkv(), device="meta").totals.other_ops == expected


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_shared_key_heads_save_no_multiplications(device):
    query, key = torch.ones(2, 4, 5, 8), torch.ones(2, 2, 5, 8)

    def grouped(q, k):
        return scaled_dot_product_attention(q, k, k, enable_gqa=True)

    assert macs(grouped, query, key, device=device) == 2 * 4 * 5 * 5 * (8 + 8)


def test_forward_and_backward_taken_apart_are_three_times_forward():
    with sdpa_kernel(SDPBackend.MATH):
        totals = report(scaled_dot_product_attention, *qkv(requires_grad=True), device="meta", train="sgd").totals
    assert totals.macs + totals.backward_macs == 3 * totals.macs


def test_the_fused_backward_computes_the_scores_once_more():
    totals = report(scaled_dot_product_attention, *qkv(requires_grad=True), device="cpu", train="sgd").totals
    assert totals.backward_macs == BATCH * HEADS * LENGTH * KEYS * (3 * WIDTH + 2 * WIDTH)


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_multi_head_attention_costs_the_same_in_every_mode(mode, device):
    tokens = torch.ones(2, 5, 8)
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    found = report(layer, tokens, tokens, tokens, device=device, mode=mode)
    assert "aten._native_multi_head_attention" not in found.operators  # torch's fast path, which drops padded positions
    projections, products = 10 * 8 * (3 * 8) + 10 * 8 * 8, 2 * (2 * 2 * 5 * 5 * 4)
    assert found.totals.macs == projections + products
    assert found.totals.depth == 2
    assert found.totals.macts == 10 * 3 * 8 + 10 * 8


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_an_encoder_layer_costs_the_same_on_both_devices(device):
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    found = report(layer, torch.ones(2, 5, 8), device=device)
    assert "aten._transformer_encoder_layer_fwd" not in found.operators
    attention = 10 * 8 * (3 * 8) + 10 * 8 * 8 + 2 * (2 * 2 * 5 * 5 * 4)
    assert found.totals.macs == attention + 2 * (10 * 8 * 16)
    assert found.totals.depth == 4
