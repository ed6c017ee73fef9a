"""`python -m benchmarks.decoder`: the cost of profiling language models of 7, 13 and 70 billion parameters.

The decoder is LLaMA's: RMSNorm before each half of a block, rotary positions, grouped heads of keys and values, SwiGLU;
no KV cache. Widths, layers and heads come from table 2 of LLaMA (arXiv 2302.13971). SwiGLU's width is two thirds of
four times the model's (section 2.2), in steps of 256; if heads share keys, it is 1.3 times as large (LLaMA 2, arXiv
2307.09288, section A.2.1), in steps of 4,096. The benchmark runs the command of a user,

    archcost profile "benchmarks/decoder.py:llama_7b?layers=4&tied=true" --input 4096:int64

each time in a fresh process. The seconds are processor time beyond that of `import torch`, the median of several turns,
so that other work on the machine counts little.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

NETWORKS = ("llama_7b", "llama_13b", "llama_70b")
TOKENS = 4096
MOST_SECONDS, MOST_BYTES = 10.0, 10**9
THETA = 10_000.0
Turn = tuple[torch.Tensor, torch.Tensor]  # cosines and sines, both (length, size / 2)


class Attention(nn.Module):
    """Causal attention; `key_heads` heads of keys and values serve `heads` heads of queries."""

    def __init__(self, width: int, heads: int, key_heads: int) -> None:
        super().__init__()
        self.size = width // heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, key_heads * self.size, bias=False)
        self.value = nn.Linear(width, key_heads * self.size, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: torch.Tensor, turn: Turn) -> torch.Tensor:
        """Mix the tokens of (batch, length, width)."""
        query, key, value = (
            layer(x).unflatten(-1, (-1, self.size)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(
            rotated(query, turn), rotated(key, turn), value, is_causal=True, enable_gqa=True
        )
        out: torch.Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


def rotated(x: torch.Tensor, turn: Turn) -> torch.Tensor:
    """Rotate each pair of features of (batch, heads, length, size) by the angle of its position."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = turn
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


class Block(nn.Module):
    """Attention, then SwiGLU, each added to its input."""

    def __init__(self, width: int, heads: int, key_heads: int, hidden: int) -> None:
        super().__init__()
        self.attention_norm, self.norm = nn.RMSNorm(width, eps=1e-5), nn.RMSNorm(width, eps=1e-5)
        self.attention = Attention(width, heads, key_heads)
        self.gate, self.up = nn.Linear(width, hidden, bias=False), nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor, turn: Turn) -> torch.Tensor:
        """Keep the shape (batch, length, width)."""
        x = x + self.attention(self.attention_norm(x), turn)
        y = self.norm(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Decoder(nn.Module):
    """Maps tokens (batch, length), int64, to logits (batch, length, vocabulary); `tied`: both ends share one weight."""

    def __init__(
        self, width: int, layers: int, heads: int, key_heads: int, hidden: int, vocabulary: int, *, tied: bool
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, key_heads, hidden) for _ in range(layers))
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.size = width // heads
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the logits of the next token at every position."""
        x = self.embedding(tokens)
        frequencies = THETA ** -(torch.arange(0, self.size, 2, device=x.device) / self.size)
        angles = torch.outer(torch.arange(tokens.shape[1], device=x.device), frequencies)
        turn = angles.cos(), angles.sin()
        for block in self.blocks:
            x = block(x, turn)
        logits: torch.Tensor = self.head(self.norm(x))
        return logits


def llama_7b(*, layers: int = 32, tied: bool = False) -> Decoder:
    """LLaMA 2, 7 billion."""
    return Decoder(4096, layers, 32, 32, 11008, 32_000, tied=tied)


def llama_13b(*, layers: int = 40, tied: bool = False) -> Decoder:
    """LLaMA 2, 13 billion."""
    return Decoder(5120, layers, 40, 40, 13824, 32_000, tied=tied)


def llama_70b(*, layers: int = 80, tied: bool = False) -> Decoder:
    """LLaMA 2, 70 billion: groups of eight heads share keys and values."""
    return Decoder(8192, layers, 64, 8, 28672, 32_000, tied=tied)


def main(networks: Sequence[str] = NETWORKS, tokens: int = TOKENS, rounds: int = 3) -> int:
    """Print a line for each network; return 1 if one takes too long or too much memory."""
    from benchmarks.process import finished  # a network in a file needs no other file beside it

    print(f"{'network':<12}{'parameters':>16}{'macs':>22}{'operators':>11}{'seconds':>9}{'us each':>9}{'peak GB':>9}")
    fits = True
    for name in networks:
        walk = (
            "-m",
            "archcost",
            "profile",
            f"{__file__}:{name}",
            "--input",
            f"{tokens}:int64",
            "--format",
            "json",
            "-q",
        )
        turns = [(finished("-c", "import torch"), finished(*walk)) for _ in range(rounds)]
        report = json.loads(turns[0][1].output)
        operators = sum(kind["calls"] for kind in report["operators"].values())
        seconds = statistics.median(walked.seconds - imported.seconds for imported, walked in turns)
        peak = max(walked.peak_bytes for _, walked in turns)
        fits &= seconds <= MOST_SECONDS and peak <= MOST_BYTES
        print(
            f"{name:<12}{report['totals']['params']:>16,}{report['totals']['macs']:>22,}{operators:>11,}"
            f"{seconds:>9.2f}{1e6 * seconds / operators:>9.0f}{peak / 1e9:>9.2f}"
        )
    print(f"at most {MOST_SECONDS:g} s and {MOST_BYTES / 1e9:g} GB are asked for")
    return int(not fits)


if __name__ == "__main__":
    sys.exit(main())
