"""The costs of generating text: the prefill of the prompt, then decode steps with a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of the network: the prefill of a context, or the decode step after it.

    `read_bytes` are the used weights, the inputs and the existing cache, each counted once. It assumes that tokens
    choose different experts, until all are chosen; `least_read_bytes` assumes that all choose the same.
    `attention_macs` are the multiply-adds in which no weight takes part: 2N leaves them out. `activation_bytes` is the
    peak of all other live memory, without the returned cache. `bound_ns` is the least time under the ceiling that was
    asked for; None without one.
    """

    macs: int
    attention_macs: int
    read_bytes: int
    least_read_bytes: int
    activation_bytes: int
    bound_ns: float | None = None

    @property
    def intensity(self) -> float:
        """Multiply-adds per byte read."""
        return self.macs / self.read_bytes if self.read_bytes else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePart:
    """The cache of one layer, for `tokens` tokens; None if its size does not depend on their number.

    `paged_bytes` is the memory that a serving engine with paged blocks of tokens reserves.
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    tokens: int | None
    nbytes: int
    paged_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Prefill and decode at one context length, and the cache between them.

    `token_bytes` is the growth of one sequence's cache in one decode step. `needed_bytes` is the memory of the larger
    of the two passes, with weights and cache.
    """

    tokens: int
    prefill: Pass
    decode: Pass
    cache: tuple[CachePart, ...]
    token_bytes: int
    needed_bytes: int

    @property
    def cache_bytes(self) -> int:
        """The cache of all sequences of the batch."""
        return sum(part.nbytes for part in self.cache)

    @property
    def paged_bytes(self) -> int:
        """The memory that a serving engine reserves for the cache in blocks."""
        return sum(part.paged_bytes for part in self.cache)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNeed:
    """The memory of a batch with prompts read at once, the cache's part of it, and with prompts read in turn."""

    batch: int
    cache_bytes: int
    needed_bytes: int
    in_turn_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The largest batch and the longest context that fit into a memory; None if even the smallest does not.

    `largest_batch` assumes that all prompts are read at once, `batch_in_turn` that they are read one after the other,
    as engines do. `batches` are all walked batch sizes, ascending, including the answers and the next larger ones.
    """

    memory_bytes: int
    largest_batch: int | None
    batch_in_turn: int | None
    longest_context: int | None
    batches: tuple[BatchNeed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The costs of generating text.

    `active_params` are the parameters that one token uses: the chosen experts, and embedding tables whole.
    `all_logits_macs` are the multiply-adds of the prefill with logits at every position, None if the network always
    computes them all. `text_input` is the input whose length is the context, `prompt` the number of tokens for an
    encoder, if there is one. `ceiling` says what the bounds on time use: a measured roof of `device`, or its datasheet.
    """

    network: str
    batch: int
    prompt: int
    text_input: str
    dtypes: tuple[str, ...]
    kv_dtype: str | None
    params: int
    active_params: int
    weight_bytes: int
    buffer_bytes: int
    block: int
    contexts: tuple[Context, ...]
    all_logits_macs: int | None
    room: Room | None = None
    device: str | None = None
    ceiling: Literal["measured", "datasheet"] | None = None
    notes: tuple[str, ...] = ()
