"""Quoted costs of a network that reads tokens: 2N per token, 6ND to train, N with and without some parameters."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archcost.records import Layer, Report

SEQUENCE = 2  # axes of rows of tokens
FACTORS = {2: "", 6: "training, "}  # operations for each parameter and token: a forward pass, a step of training


def count_language(report: Report) -> dict[str, int]:
    """Return what these figures are made of; nothing for a network that looks no tokens up in a table.

    Of experts a token meets as much as it is multiplied by, where one row both chooses and multiplies them. Attention
    is the products in which no weight takes part.
    """
    texts = [each.shape for each in report.network.inputs if each.dtype == "int64" and len(each.shape) == SEQUENCE]
    tables = sum(layer.params for layer in report.layers if layer.role == "embedding")
    tokens = texts[0][0] * texts[0][1] if texts else 0
    if not (tokens and tables):
        return {}
    idle = sum(max(layer.weights - layer.macs // tokens, 0) for layer in report.layers if _is_product(layer))
    return {
        "tokens": tokens,
        "tables": tables,
        "idle_params": idle,
        "attention_macs": sum(_count_attention(layer, tokens) for layer in report.layers),
    }


def yield_quoted(known: Mapping[str, int], params: int, macs: int) -> Iterator[tuple[str, int, int]]:
    """Yield each figure in words, its value, and how many of its choices are not the program's own."""
    tokens = known["tokens"]
    sizes = {"all parameters": params, "without the tables of words": params - known["tables"]}
    if known["idle_params"]:
        sizes["active parameters"] = params - known["idle_params"]
    whole = f"of {tokens} tokens"
    for (factor, training), (name, size) in product(FACTORS.items(), sizes.items()):
        base = 1 + (factor > 2) + (size != params)  # noqa: PLR2004 - a forward pass
        attention = factor * known["attention_macs"]
        for words, value, more in (
            (f"{factor}ND {whole}", factor * size * tokens, attention),
            (f"{factor}N of a token", factor * size, attention // tokens),
        ):
            yield f"{training}{words}, N {name}", value, base
            yield f"{training}{words}, N {name}, with attention", value + more, base + 1
    for factor, words in {1: "multiply-adds", 2: "2 x multiply-adds"}.items():
        yield f"{words} of a token", factor * macs // tokens, factor
    yield f"training, 6 x multiply-adds {whole}", 6 * macs, 2
    yield "training, 6 x multiply-adds of a token", 6 * macs // tokens, 3


def _is_product(layer: Layer) -> bool:
    return layer.role == "linear" and bool(layer.weights and layer.macs)


def _count_attention(layer: Layer, tokens: int) -> int:
    """Return the multiply-adds of a row in which no weight takes part.

    A module without parameters of its own that multiplies has another's: its head shares the table of words.
    """
    if layer.role == "attention":
        return max(layer.macs - layer.weights * tokens, 0)
    return layer.macs if layer.role == "linear" and not layer.params and layer.name != layer.module else 0
