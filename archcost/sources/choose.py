"""choose_inputs(module) -> Choice: the inputs that a module's own attributes and signature describe."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.errors import ArgumentError, spell
from archcost.sources.examples import describe_example
from archcost.sources.inputs import InputSpec
from archcost.sources.network_inputs import DEFAULT_INPUT, TOKENS, Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

EXAMPLES = ("example_input_array", "dummy_inputs")  # attributes of Lightning, and of transformers and diffusers
WORDS = InputSpec(shape=(TOKENS,), dtype="int64")
# errors about floats that must be indices: of embeddings, indexing, one_hot, gather, index_select
WANTS_WORDS = re.compile(
    r"argument #\d 'indices'|indices of an embedding|used as indices|applicable to index tensor|for index\b"
)
IDS = ("input_ids", "decoder_input_ids", "token_ids", "tokens", "ids", "idx")


def choose_inputs(
    module: nn.Module,
    *,
    example: Callable[[], Any] | None = None,
    size: tuple[int, int] | None = None,
    seq: int | None = None,
) -> Choice | None:
    """Return the inputs that a module describes; None if it describes none.

    Args:
        module: the built module, on any device.
        example: the function `example_inputs` beside the user's callable; it returns arguments.
        size: requested height and width.
        seq: requested number of tokens.

    Raises:
        ArgumentError: a number of tokens or a size is requested, but the network takes something else.
    """
    choice = _choose(module, example, size, seq)
    if choice is not None and size is not None and not any(spec.shape[-2:] == size for spec in choice.inputs):
        raise ArgumentError(
            f"@{units.shape(size)} is for networks that take images; {type(module).__name__} takes "
            f"{', '.join(map(str, choice.inputs))}: use --input"
        )
    if seq is None:
        return choice
    if choice is None:
        return Choice(inputs=(InputSpec(shape=(seq,), dtype="int64"),), why="--seq")
    if not any(spec.dtype == "int64" and seq in spec.shape for spec in choice.inputs):
        raise ArgumentError(
            f"--seq is for networks that take tokens; {type(module).__name__} takes "
            f"{', '.join(map(str, choice.inputs))}: use --input"
        )
    return choice


def wants_words(inputs: tuple[InputSpec, ...], error: BaseException) -> bool:
    """Whether a network failed because it needs token ids and got the default image."""
    return inputs == (DEFAULT_INPUT,) and WANTS_WORDS.search(spell(error)) is not None


def _choose(
    module: nn.Module, example: Callable[[], Any] | None, size: tuple[int, int] | None, seq: int | None
) -> Choice | None:
    from archcost.sources.configured import describe_configured
    from archcost.sources.targets import describe_targets

    if example is not None:
        return Choice(inputs=describe_example(example(), module), why="example_inputs() beside it")
    configured = describe_configured(module, size=size, seq=seq or TOKENS)
    for name in () if configured else EXAMPLES:
        given = _read_example(module, name)
        if given is not None:
            return Choice(inputs=describe_example(given, module), why=f"its {name}")
    if configured:
        training_inputs = describe_targets(module, configured)
        return Choice(inputs=configured, why="its configuration", training_inputs=training_inputs)
    tokens = next((name for name in _list_parameters(module) if name in IDS), None)
    if tokens:
        return Choice(
            inputs=(InputSpec(shape=(seq or TOKENS,), dtype="int64", name=tokens),), why="the signature of its forward"
        )
    return None


def _read_example(module: nn.Module, name: str) -> Any:
    """Return a module's example; None if it has none or raises an error."""
    try:
        found = getattr(module, name, None)
        return found() if inspect.ismethod(found) else found
    except Exception:  # noqa: BLE001 - a user's property may raise anything; the signature then decides
        return None


def _list_parameters(module: nn.Module) -> list[str]:
    """Return the required parameters of a forward."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # a forward written in C++
        return []
    return [each.name for each in parameters if each.default is each.empty]
