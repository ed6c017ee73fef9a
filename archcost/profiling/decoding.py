"""Decoder: a network that returns a cache, run on the meta device with and without it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.sources.choose import IDS, WORDS
from archcost.sources.network_inputs import DEFAULT_INPUT

if TYPE_CHECKING:
    import torch
    from torch import nn

    from archcost.records import TensorSpec, Trace
    from archcost.sources import InputSpec, Network

CACHES = ("past_key_values", "cache", "cache_params", "kv_cache", "past_key_value", "past", "state", "states")
LAST_ONLY = "logits_to_keep"  # parameter of decoders of transformers: the number of positions that get logits
ENCODED = "encoder_outputs"  # parameter of decoders of transformers that replaces the encoder's input


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A walked pass with the cache that it returned: the object, and its tensors by their paths in it."""

    trace: Trace
    output: Any
    cache: Any
    held: dict[tuple[Any, ...], TensorSpec]

    @property
    def storages(self) -> set[int]:
        """The storages of the cache."""
        return {spec.storage for spec in self.held.values()}


class Decoder:
    """A network that takes tokens and a cache of the earlier tokens.

    Raises:
        ArgumentError: the network takes no tokens or no cache.
    """

    def __init__(self, network: Network, inputs: tuple[InputSpec, ...], dtype: str | None) -> None:
        from archcost.walk import Values

        self._spec = network.spec
        self._values = Values()
        self._module = _build(network, self._values, dtype)
        self._parameters = _list_parameters(self._module)
        self._cache = next((name for name in CACHES if name in self._parameters), None)
        if self._cache is None:
            raise ArgumentError(
                f"{network.spec} takes no cache, so it generates nothing step by step: the forward of "
                f"{type(self._module).__name__} needs a parameter {', '.join(CACHES[:-1])} or {CACHES[-1]}, and has "
                f"{', '.join(self._parameters)}; name a class that generates text, as in hf:llama#LlamaForCausalLM"
            )
        self._inputs = tuple(spec if dtype is None else spec.cast(dtype) for spec in inputs)
        self._texts = _find_texts(self._inputs)
        self._place = self._choose_tokens()
        self.keeps_last = LAST_ONLY in self._parameters

    @property
    def text_input(self) -> str:
        """The input whose length is the context."""
        return self._inputs[self._place].name or "tokens"

    def prefill(self, tokens: int, batch: int, prompt: int, *, all_logits: bool = False) -> Ran:
        """Walk a whole context."""
        specs = list(self._inputs)
        for place in self._texts:
            specs[place] = replace(specs[place], shape=(tokens if place == self._place else prompt,))
        more = {LAST_ONLY: 1} if self.keeps_last and not all_logits else {}
        return self._run(tuple(specs), batch, more)

    def decode(self, before: Ran, batch: int) -> Ran:
        """Walk one more token with a copy of the cache of an earlier pass."""
        import torch

        with torch.no_grad():
            more = {self._cache: copy.deepcopy(before.cache)}
        encoded = getattr(before.output, "encoder_last_hidden_state", None)
        if encoded is not None and ENCODED in self._parameters:
            more[ENCODED] = (encoded,)
        specs = [
            replace(spec, shape=(1,)) if place == self._place else spec
            for place, spec in enumerate(self._inputs)
            if place == self._place or self._demands(spec)
        ]
        return self._run(tuple(specs), batch, more)

    def _demands(self, spec: InputSpec) -> bool:
        found = self._parameters.get(spec.path[0]) if spec.path else None
        return found is None or found.default is inspect.Parameter.empty

    def _run(self, specs: tuple[InputSpec, ...], batch: int, more: Mapping[Any, Any]) -> Ran:
        from archcost.profiling.feed import Feed
        from archcost.walk import run_undisturbed, walk
        from archcost.walk.arguments import tensors_within

        values = self._values.start_again()
        args, kwargs = Feed(specs=specs, batch=batch).on("meta", values)
        if "use_cache" in self._parameters:
            kwargs["use_cache"] = True
        kept = _keep_output(self._module)
        trace = run_undisturbed(lambda: walk(kept, args, {**kwargs, **more}, values=values, restore=False))
        cache = self._find_cache(kept.output)
        specs_of = dict(zip(map(id, tensors_within(kept.output)), trace.returns, strict=True))
        held = {path: specs_of[id(tensor)] for path, tensor in _list_tensors(cache, (), set())}
        if not held:
            raise ArgumentError(f"{self._spec} returns a cache without a tensor in it ({type(cache).__name__})")
        return Ran(trace=trace, output=kept.output, cache=cache, held=held)

    def _find_cache(self, output: Any) -> Any:
        """Return the cache in a forward's output: by its name, or the last item of a tuple."""
        named = output.get(self._cache) if isinstance(output, Mapping) else getattr(output, str(self._cache), None)
        if named is not None:
            return named
        if isinstance(output, tuple | list) and len(output) > 1:
            return output[-1]
        raise ArgumentError(
            f"{self._spec} takes {self._cache}, but does not return it: its forward must return "
            f"(logits, {self._cache}), or an object with an attribute or a key {self._cache}"
        )

    def _choose_tokens(self) -> int:
        """Return the index of the input whose length is the context: the text named `decoder_*`, or else the first."""
        if not self._texts:
            raise ArgumentError(
                f"{self._spec} takes {', '.join(map(str, self._inputs))}, and none of it is text; describe the text "
                "with --input input_ids=128:int64"
            )
        names = {place: self._inputs[place].name or "" for place in self._texts}
        return next((place for place, name in names.items() if name.startswith("decoder_")), self._texts[0])


def choose_texts(network: Network) -> tuple[InputSpec, ...]:
    """Return the inputs of a network; text if it describes none."""
    return (WORDS,) if network.inputs == (DEFAULT_INPUT,) else network.inputs


def _find_texts(inputs: tuple[InputSpec, ...]) -> list[int]:
    """Return the indices of the text inputs: those with a usual name of text, or else all rows of integers."""
    rows = [place for place, spec in enumerate(inputs) if spec.dtype == "int64" and len(spec.shape) == 1]
    named = [place for place in rows if inputs[place].name in {None, *IDS}]
    return named or rows


def _list_parameters(module: nn.Module) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(module.forward).parameters
    except (TypeError, ValueError):  # a forward written in C++
        return {}


def _build(network: Network, values: Any, dtype: str | None) -> nn.Module:
    """Build a network on the meta device, or copy the given one there; cast it to a requested precision."""
    import torch

    from archcost.profiling.place import build_on_meta
    from archcost.walk import run_undisturbed
    from archcost.walk.copies import deep_copy

    parts = run_undisturbed(lambda: build_on_meta(network, values))
    module = deep_copy(parts) if parts.network is network.given else parts.network
    return module if dtype is None else module.to(getattr(torch, dtype))


def _keep_output(module: nn.Module) -> Any:
    """Return a module that stores the network's last output."""
    from torch import nn

    class Keeping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = module
            self.output: Any = None

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            self.output = self.network(*args, **kwargs)
            return self.output

    return Keeping()


def _list_tensors(value: Any, path: tuple[Any, ...], seen: set[int]) -> Iterator[tuple[tuple[Any, ...], torch.Tensor]]:
    """Yield each tensor of a cache once, with its path of keys, indices and attributes.

    A tensor without axes is a counter of the cache and stores no token data.
    """
    import torch

    from archcost.walk.attributes import has_fields

    if isinstance(value, torch.Tensor):
        if id(value) not in seen and value.dim() and value.numel():
            seen.add(id(value))
            yield path, value
        return
    items: Any = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    elif has_fields(value) and id(value) not in seen:
        seen.add(id(value))
        items = vars(value).items()
    for name, item in items:
        yield from _list_tensors(item, (*path, name), seen)
