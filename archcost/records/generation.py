"""What it costs to generate text with a network: the prompt at once, then a token at a time with a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of the network: the prefill of a context, or the decode step after it.

    `read_bytes` are the weights that it meets, its inputs and the cache that it finds, each once. Tokens are taken to
    choose different experts, until all of them are chosen; `least_read_bytes` are where all choose the same.
    `attention_macs` are those of the multiply-adds in which no weight takes part: what 2N leaves out.
    `activation_bytes` is the peak of everything else that is alive at once, the cache that is returned apart.
    `bound_ns` is the time below which no device under the ceiling that was named can stay; None where none was.
    """

    macs: int
    attention_macs: int
    read_bytes: int
    least_read_bytes: int
    activation_bytes: int
    bound_ns: float | None = None

    @property
    def intensity(self) -> float:
        """Multiply-adds for each byte that has to be read."""
        return self.macs / self.read_bytes if self.read_bytes else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePart:
    """What the cache holds of one layer: `tokens` of them, None where its size does not depend on their number.

    `paged_bytes` is what an engine reserves that gives memory out in whole blocks of tokens.
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    tokens: int | None
    nbytes: int
    paged_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Both passes at one number of tokens, and the cache between them.

    `token_bytes` is by how much one decode step has made the cache of one sequence grow. `needed_bytes` is what the
    larger of the two passes takes, weights and cache included.
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
        """What an engine reserves for it by blocks."""
        return sum(part.paged_bytes for part in self.cache)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNeed:
    """What a batch needs, prompts read at once; how much of that is the cache; and what it needs with them in turn."""

    batch: int
    cache_bytes: int
    needed_bytes: int
    in_turn_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What fits into a memory: sequences of the largest context, and tokens of the batch; None where not even one.

    `largest_batch` is of prompts that are read at once, `batch_in_turn` of prompts that are read one after the other,
    as engines do. `batches` are all that were walked for these, ascending: the answers and the next larger ones are
    among them.
    """

    memory_bytes: int
    largest_batch: int | None
    batch_in_turn: int | None
    longest_context: int | None
    batches: tuple[BatchNeed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The costs of generating text.

    `active_params` are those that one token meets: of experts the chosen ones, of tables all. `all_logits_macs` is the
    prefill of the prompt with logits at every position, None where the network always makes them all. `text_input` is
    the input whose length is the context, `prompt` the tokens that an encoder gets, if there is one. `ceiling` says
    where the bounds on time come from: what was measured of `device`, or its maker's datasheet.
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
