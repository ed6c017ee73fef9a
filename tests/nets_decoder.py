"""Tiny decoders with their own caches, in plain torch: their costs are easy to compute by hand.

For each token, a layer's linear maps take 64 (queries) + 32 (keys) + 32 (values) + 64 (output) + 2 x 128 (MLP) = 448
multiply-adds; two layers and the logits' 88 make 984. Each pair of query and key takes 2 x 8 multiply-adds in each
layer, 32 in both. The cache keeps 4 + 4 numbers per token and layer: 64 B of float32 in both.
"""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention, softmax

WORDS, WIDTH, KEYS, HIDDEN = 11, 8, 4, 16
LINEAR, ATTENTION, TOKEN_BYTES = 984, 32, 64


class Layer(nn.Module):
    """Two query heads that share one head of keys and values."""

    def __init__(self, window=None):
        super().__init__()
        self.window = window
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.key = nn.Linear(WIDTH, KEYS, bias=False)
        self.value = nn.Linear(WIDTH, KEYS, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.down = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, x, past):
        batch, tokens, _ = x.shape
        query = self.query(x).view(batch, tokens, 2, KEYS).transpose(1, 2)
        key, value = self.key(x)[:, None], self.value(x)[:, None]
        if past is not None:
            key, value = torch.cat((past[0], key), 2), torch.cat((past[1], value), 2)
        heads = scaled_dot_product_attention(query, key.expand(-1, 2, -1, -1), value.expand(-1, 2, -1, -1))
        x = x + self.out(heads.transpose(1, 2).reshape(batch, tokens, WIDTH))
        kept = (key, value) if self.window is None else (key[:, :, -self.window :], value[:, :, -self.window :])
        return x + self.down(self.up(x).relu()), kept


class Decoder(nn.Module):
    """Two layers; the second keeps only a window of tokens, if a window is given."""

    def __init__(self, window=None):
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)
        self.layers = nn.ModuleList([Layer(), Layer(window)])
        self.head = nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, tokens, cache=None, logits_to_keep=0):
        x, kept = self.embed(tokens), []
        for layer, past in zip(self.layers, cache or (None, None), strict=True):
            x, part = layer(x, past)
            kept.append(part)
        return self.head(x[:, -logits_to_keep:]), tuple(kept)


class Experts(nn.Module):
    """Each token chooses two of four matrices to multiply by; the state is a sum of a fixed size."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)
        self.gate = nn.Linear(WIDTH, 4, bias=False)
        self.experts = nn.Parameter(torch.randn(4, WIDTH, WIDTH))

    def forward(self, tokens, state=None):
        x = self.embed(tokens)
        weights, chosen = softmax(self.gate(x), -1).topk(2)
        x = (x[..., None, None, :] @ self.experts[chosen]).squeeze(-2).mul(weights[..., None]).sum(-2)
        total = x.sum(1) if state is None else state["sum"] + x.sum(1)
        return {"logits": x + total[:, None], "state": {"sum": total}}


class Forgetful(nn.Module):
    """Takes a cache, and does not return one."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)

    def forward(self, tokens, cache=None):
        return self.embed(tokens)
