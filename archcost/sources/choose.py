"""choose_inputs(module) -> Choice: the inputs that a module asks for, by what it says of itself."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, spell
from archcost.sources.examples import describe_example
from archcost.sources.inputs import InputSpec
from archcost.sources.network_inputs import DEFAULT_INPUT, TOKENS, Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

EXAMPLES = ("example_input_array", "dummy_inputs")  # of Lightning, of transformers and diffusers
WORDS = InputSpec(shape=(TOKENS,), dtype="int64")
# complaints about floats that have to be places in a table: of embeddings, indexing, one_hot, gather, index_select
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
    """Return the inputs that a module asks for; None where it does not say.

    Args:
        module: built, on whatever device.
        example: returns arguments; the function `example_inputs` beside the user's callable.
        size: height and width that were asked for.
        seq: tokens that were asked for.

    Raises:
        ArgumentError: tokens were asked for, and the network takes something else.
    """
    choice = _choose(module, example, size, seq)
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
    """Whether a network failed because a picture that nobody chose is not made of words."""
    return inputs == (DEFAULT_INPUT,) and WANTS_WORDS.search(spell(error)) is not None


def _choose(
    module: nn.Module, example: Callable[[], Any] | None, size: tuple[int, int] | None, seq: int | None
) -> Choice | None:
    from archcost.sources.configured import describe_configured

    if example is not None:
        return Choice(inputs=describe_example(example(), module), why="example_inputs() beside it")
    configured = describe_configured(module, size=size, seq=seq or TOKENS)
    for name in () if configured else EXAMPLES:
        given = _read_example(module, name)
        if given is not None:
            return Choice(inputs=describe_example(given, module), why=f"its {name}")
    if configured:
        return Choice(inputs=configured, why="its configuration")
    tokens = next((name for name in _list_parameters(module) if name in IDS), None)
    if tokens:
        return Choice(
            inputs=(InputSpec(shape=(seq or TOKENS,), dtype="int64", name=tokens),), why="the signature of its forward"
        )
    return None


def _read_example(module: nn.Module, name: str) -> Any:
    """Return what a module gives as an example; whatever it raises, it gives none."""
    try:
        found = getattr(module, name, None)
        return found() if inspect.ismethod(found) else found
    except Exception:  # noqa: BLE001 - a property of anybody's; without it the signature is asked
        return None


def _list_parameters(module: nn.Module) -> list[str]:
    """Return the parameters that a forward demands."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # a forward written in C++
        return []
    return [each.name for each in parameters if each.default is each.empty]
