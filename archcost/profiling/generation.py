"""generate(network, prompt) -> Generation: the costs of prefill, decode and cache, from walks of the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.account.memory import bytes_of_kind
from archcost.account.reading import (
    count_attention_macs,
    count_least_macs,
    count_macs,
    count_met,
    peak_beside,
    sum_met_bytes,
)
from archcost.choices import KV_DTYPES, WEIGHT_DTYPES, check_choice
from archcost.errors import ArgumentError
from archcost.profiling.bounds import compute_bound, find_ceiling
from archcost.profiling.choice import settle
from archcost.profiling.decoding import Decoder, choose_texts
from archcost.profiling.formulas import find_registered_formulas
from archcost.profiling.largest import find_largest
from archcost.records import BatchNeed, CachePart, Context, Generation, Pass, Roof, Room
from archcost.units import exact, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.profiling.decoding import Ran
    from archcost.records import Peaks, TensorSpec
    from archcost.sources import InputSpec

BLOCK = 16  # tokens of a block, the usual default of engines with a paged cache
MOST = 2**24  # sequences or tokens; ends the search if the need does not grow
MOST_OPERATORS = 100_000  # in a walk of the search for the longest context, of a network with operators for each token


def generate(
    network: Any,
    prompt: int = 2048,
    *,
    contexts: Sequence[int] = (),
    batch: int = 1,
    dtype: str | None = None,
    kv_dtype: str | None = None,
    memory: str | int | None = None,
    device_name: str | None = None,
    roof: str | None = None,
    block: int = BLOCK,
    inputs: Sequence[InputSpec] = (),
) -> Generation:
    """Count the costs of generating text: of the prompt in one pass, and of one token after each context.

    The network runs unchanged on the meta device, with the cache that it returned itself.

    Args:
        network: as for `archcost.profile`; its forward takes and returns a cache.
        prompt: tokens of the prompt; an encoder, if there is one, gets them.
        contexts: numbers of tokens before the generated one; the prompt's is always included.
        batch: number of sequences that are generated together.
        dtype: precision of the weights, "bf16" for example; None leaves them as they are built.
        kv_dtype: precision of the stored cache, "fp8" for example; None leaves it as the network returns it.
        memory: the memory limit, as for `archcost.fit`, for the largest batch and the longest context.
        device_name: a device of the table of datasheets, for the least time of a pass.
        roof: the same from a measurement: "this" for the saved roof of this device, or the file that `archcost device
            --format json` wrote.
        block: tokens of a block of a paged cache.
        inputs: descriptions of the inputs, without the batch; None for the network's own.

    Raises:
        ArgumentError: the network takes no text or no cache, or a number or precision is invalid.
        WalkError: the network failed while it ran.
    """
    from archcost import sources

    _check(prompt, contexts, batch, dtype, kv_dtype, block)
    ceiling = find_ceiling(device_name, roof)
    limit = parse_bytes(memory) if isinstance(memory, str) else memory
    chosen = sources.resolve(network) if isinstance(network, str) else sources.wrap_module(network)
    given = tuple(inputs) or choose_texts(settle(chosen))
    decoder = Decoder(chosen, given, None if dtype is None else WEIGHT_DTYPES[dtype])
    walker = _Walker(decoder, prompt, kv_dtype, block, ceiling)
    rows = tuple(walker.walk(tokens, batch) for tokens in sorted({prompt, *contexts}))
    room = None if limit is None else walker.find_room(limit, batch, rows[-1].tokens)
    disturbed = ceiling.disturbed if isinstance(ceiling, Roof) else None
    notes = (*chosen.notes, *walker.notes, *([] if disturbed is None else [f"the roof may be too low: {disturbed}"]))
    return replace(walker.describe(chosen.spec, batch), contexts=rows, room=room, notes=notes)


def _check(
    prompt: int, contexts: Sequence[int], batch: int, dtype: str | None, kv_dtype: str | None, block: int
) -> None:
    """Refuse invalid numbers and precisions.

    Raises:
        ArgumentError: names the invalid argument.
    """
    named = {"prompt": prompt, "batch": batch, "block": block, "context": min(contexts, default=1)}
    for name, value in named.items():
        if value < 1:
            raise ArgumentError(f"{name} must be at least 1, not {value}")
    if dtype is not None:
        check_choice("dtype", dtype, tuple(WEIGHT_DTYPES))
    if kv_dtype is not None:
        check_choice("kv_dtype", kv_dtype, tuple(KV_DTYPES))


class _Walker:
    """Walks a decoder at a batch size and a context, and adds up the costs."""

    def __init__(
        self, decoder: Decoder, prompt: int, kv_dtype: str | None, block: int, ceiling: Peaks | Roof | None
    ) -> None:
        self._decoder, self._prompt, self._kv, self._block, self._ceiling = decoder, prompt, kv_dtype, block, ceiling
        self.notes: list[str] = []
        self._walked: dict[tuple[int, int], Context] = {}
        self._one = decoder.prefill(1, 1, prompt)  # the weights that a single token meets, and the shapes of its cache
        trace = self._one.trace
        self._operators = {1: len(trace.ops)}  # of the prefill, by tokens
        self._met_by_one = count_met(trace, find_registered_formulas(trace.ops))
        self._weights = bytes_of_kind(trace, "parameter")
        self._buffers = bytes_of_kind(trace, "buffer")
        sizes: dict[str, int] = {}
        for param in trace.params:
            sizes[param.dtype] = sizes.get(param.dtype, 0) + param.nbytes
        self._dtypes = tuple(sorted(sizes))
        self._main_dtype = max(sizes, key=sizes.__getitem__, default="float32")  # the dtype of most weights

    def describe(self, spec: str, batch: int) -> Generation:
        """Return the figures that do not depend on the context."""
        trace, rules = self._one.trace, find_registered_formulas(self._one.trace.ops)
        all_logits = None
        if self._decoder.keeps_last:
            whole = self._decoder.prefill(self._prompt, batch, self._prompt, all_logits=True).trace
            all_logits = count_macs(whole, find_registered_formulas(whole.ops))
        return Generation(
            network=spec,
            batch=batch,
            prompt=self._prompt,
            text_input=self._decoder.text_input,
            dtypes=self._dtypes,
            kv_dtype=self._kv,
            params=sum(param.elements for param in trace.params),
            active_params=sum(count_met(trace, rules, tables=True).values()),
            weight_bytes=self._weights,
            buffer_bytes=self._buffers,
            block=self._block,
            contexts=(),
            all_logits_macs=all_logits,
            device=None if self._ceiling is None else self._ceiling.device,
            ceiling=None if self._ceiling is None else "measured" if isinstance(self._ceiling, Roof) else "datasheet",
        )

    def walk(self, tokens: int, batch: int) -> Context:
        """Walk a context and the token after it; repeated calls reuse the result."""
        if (tokens, batch) not in self._walked:
            self._walked[tokens, batch] = self._walk(tokens, batch)
        return self._walked[tokens, batch]

    def _walk(self, tokens: int, batch: int) -> Context:
        before = self._decoder.prefill(tokens, batch, self._prompt)
        self._operators[tokens] = len(before.trace.ops)
        after = self._decoder.decode(before, batch)
        held, grown = self._size(before), self._size(after)
        prefill, decode = self._add_up(before, bytes_of_kind(before.trace, "input")), self._add_up(after, held)
        needed = max(held + prefill.activation_bytes, grown + decode.activation_bytes)
        return Context(
            tokens=tokens,
            prefill=prefill,
            decode=decode,
            cache=self._list_parts(before),
            token_bytes=(grown - held) // batch,
            needed_bytes=self._weights + self._buffers + needed,
        )

    def find_room(self, limit: int, batch: int, tokens: int) -> Room:
        """Find the largest batch at the longest requested context, and the longest context at the given batch."""
        alone = self.walk(tokens, 1).prefill.activation_bytes
        tried: dict[int, BatchNeed] = {}

        def need(count: int) -> BatchNeed:
            found = self.walk(tokens, count)
            grown = found.cache_bytes + count * found.token_bytes + found.decode.activation_bytes
            tried[count] = BatchNeed(
                batch=count,
                cache_bytes=found.cache_bytes,
                needed_bytes=found.needed_bytes,
                in_turn_bytes=self._weights + self._buffers + max(grown, found.cache_bytes + alone),
            )
            return tried[count]

        largest = find_largest(lambda count: need(count).needed_bytes, limit, MOST)
        in_turn = find_largest(lambda count: need(count).in_turn_bytes, limit, MOST)
        return Room(
            memory_bytes=limit,
            largest_batch=largest,
            batch_in_turn=in_turn,
            batches=tuple(tried[count] for count in sorted(tried)),
            longest_context=self._find_longest(limit, batch, tokens),
        )

    def _find_longest(self, limit: int, batch: int, tokens: int) -> int | None:
        """Find the longest context; a reference scan runs token by token, so that long walks take hours."""
        each = (self._operators[tokens] - self._operators[1]) / max(tokens - 1, 1)
        most = max(tokens, min(MOST, int(MOST_OPERATORS / each))) if each >= 1 else MOST
        longest = find_largest(lambda count: self.walk(count, batch).needed_bytes, limit, most, tokens)
        if longest == most:
            why = f": the network runs {each:.0f} operators for each token" if most < MOST else ""
            self.notes.append(f"contexts longer than {exact(most)} tokens may fit, and were not tried{why}")
        return longest

    def _add_up(self, ran: Ran, given_bytes: int) -> Pass:
        """Add up the costs of a pass, which reads `given_bytes` (its inputs or the cache) beside the weights."""
        trace, rules = ran.trace, find_registered_formulas(ran.trace.ops)
        met, one = count_met(trace, rules), self._met_by_one
        fewest = {name: min(count, one[name] or count) for name, count in met.items()}  # if all tokens choose alike
        least = sum_met_bytes(trace, fewest) + given_bytes
        return Pass(
            macs=count_macs(trace, rules),
            attention_macs=count_attention_macs(trace, rules),
            read_bytes=sum_met_bytes(trace, met) + given_bytes,
            least_read_bytes=least,
            activation_bytes=peak_beside(trace, ran.storages),
            bound_ns=None
            if self._ceiling is None
            else compute_bound(count_least_macs(trace, rules), least, self._ceiling, self._main_dtype),
        )

    def _size(self, ran: Ran) -> int:
        return sum(map(self._size_of, ran.held.values()))

    def _size_of(self, spec: TensorSpec) -> int:
        """Return the bytes of a tensor of the cache in the requested precision."""
        floating = spec.dtype.startswith(("float", "bfloat"))
        return spec.nbytes if self._kv is None or not floating else spec.elements * KV_DTYPES[self._kv]

    def _list_parts(self, ran: Ran) -> tuple[CachePart, ...]:
        """Return the parts of a cache, layer by layer."""
        layers: dict[str, list[tuple[Any, ...]]] = {}
        for path in ran.held:
            layers.setdefault(_name_layer(path), []).append(path)
        return tuple(self._describe_part(name, paths, ran) for name, paths in layers.items())

    def _describe_part(self, name: str, paths: list[tuple[Any, ...]], ran: Ran) -> CachePart:
        specs = [ran.held[path] for path in paths]
        tokens = [self._count_tokens(path, ran.held[path]) for path in paths]
        paged = 0
        for spec, count in zip(specs, tokens, strict=True):
            size = self._size_of(spec)
            paged += size if count is None else size // count * (-(-count // self._block) * self._block)
        return CachePart(
            name=name,
            shapes=tuple(spec.shape for spec in specs),
            tokens=max((count for count in tokens if count is not None), default=None),
            nbytes=sum(map(self._size_of, specs)),
            paged_bytes=paged,
        )

    def _count_tokens(self, path: tuple[Any, ...], spec: TensorSpec) -> int | None:
        """Return the number of tokens in a tensor: the size of the axis that differs for a single token."""
        single = self._one.held.get(path)
        if single is None or len(single.shape) != len(spec.shape):
            return None
        axes = list(zip(spec.shape, single.shape, strict=True))[1:]  # the first is the batch
        others = [size for size, one in axes if size != one]
        return others[0] if len(others) == 1 else None


def _name_layer(path: tuple[Any, ...]) -> str:
    """Return the layer of a tensor of a cache: its path up to the first number before the last part."""
    place = next((place for place, part in enumerate(path[:-1]) if isinstance(part, int)), None)
    return "whole" if place is None else ".".join(map(str, path[: place + 1]))
