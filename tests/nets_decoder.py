"""Tiny decoders with caches of their own, in plain torch: their costs can be worked out by hand.

Of a token, a layer's linear maps take 64 (queries) + 32 (keys) + 32 (values) + 64 (output) + 2 x 128 (MLP) = 448
multiply-adds, and two layers and the 88 of the logits 984. Each query is held against each key, in 2 x 8 multiply-adds
a layer, 32 in both. The cache keeps 4 + 4 numbers of a token in a layer: 64 B of float32 in both.
"""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention, softmax

WORDS, WIDTH, KEYS, HIDDEN = 11, 8, 4, 16
LINEAR, ATTENTION, TOKEN_BYTES = 984, 32, 64


class Layer(nn.Module):
    """Two heads of queries that share one of keys and values."""

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
    """Two layers; the second keeps no more than a window of tokens, where there is one."""

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
    """A token is multiplied by two of four matrices, which it chooses; the state is a sum, whatever the tokens."""

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
    """It takes a cache, and returns none."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)

    def forward(self, tokens, cache=None):
        return self.embed(tokens)
