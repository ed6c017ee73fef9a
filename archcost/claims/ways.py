"""The matrix of conventions: all ways of counting a network that the search tries."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from archcost.claims.language import yield_quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archcost.claims.measured import MeasuredPart
    from archcost.records import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """One way of counting a network: in words, its value, and the number of choices that differ from archcost's own.

    `steps_of_1024`: the value in the unit whose K, M and G are powers of 1024.
    """

    words: str
    value: int
    deviations: int
    steps_of_1024: bool = False


def yield_countings(asked: Asked, part: MeasuredPart) -> Iterator[Counting]:
    """Yield every way of counting."""
    yield from {"operations": _count_operations, "parameters": _count_parameters, "memory": _count_memory}[asked](part)


# Operations beside multiply-adds that a convention may count.
EXTRAS: Mapping[str, Callable[[MeasuredPart], int]] = {
    "bias additions": lambda part: part.quantity("bias_additions"),
    "normalisation": lambda part: part.of_role("normalisations").quantity("other_ops"),
    "activation functions": lambda part: part.of_role("activation_functions").quantity("other_ops"),
    "pooling": lambda part: part.of_role("poolings").quantity("other_ops"),
    "other elementwise operations": lambda part: part.of_role("others").quantity("other_ops"),
}


def _count_operations(part: MeasuredPart) -> Iterator[Counting]:
    """Yield factors 1 and 2, convolutions alone or without the classifier, and operations between the layers."""
    yield from _count_language(part)
    classifier = part.classifier
    scopes = {
        "": (part.quantity("macs"), part.quantity("bias_additions")),
        "convolutions alone": tuple(map(part.of_role("convolutions").quantity, ("macs", "bias_additions"))),
        "without the classifier": tuple(
            part.quantity(name) - classifier.quantity(name) for name in ("macs", "bias_additions")
        ),
    }
    extras = {name: count(part) for name, count in EXTRAS.items()}
    for factor, (scope, (macs, biases)) in product((1, 2), scopes.items()):
        words = "multiply-adds" if factor == 1 else f"{factor} x multiply-adds"
        base = (factor > 1) + bool(scope)
        yield Counting(words=_join_words(words, scope), value=factor * macs, deviations=base)
        folded = "one more operation for each output"
        yield Counting(
            words=_join_words(words, scope, folded), value=factor * macs + part.quantity("macts"), deviations=base + 2
        )
        available = {**extras, "bias additions": biases}
        for size in range(1, len(available) + 1):
            for chosen in combinations(available, size):
                value = factor * macs + sum(available[name] for name in chosen)
                yield Counting(words=_join_words(words, scope, *chosen), value=value, deviations=base + size)


def _count_language(part: MeasuredPart) -> Iterator[Counting]:
    if "tokens" in part.totals:
        for words, value, deviations in yield_quoted(part.totals, part.quantity("params"), part.quantity("macs")):
            yield Counting(words=words, value=value, deviations=deviations)


def _count_parameters(part: MeasuredPart) -> Iterator[Counting]:
    whole = part.quantity("params")
    ways = {
        "all parameters": (whole, 0),
        "weights alone": (part.quantity("weights"), 1),
        "without biases": (whole - part.quantity("biases"), 1),
        "without normalisations": (whole - part.of_role("normalisations").quantity("params"), 1),
        "without the classifier": (whole - part.classifier.quantity("params"), 1),
        "convolutions alone": (part.of_role("convolutions").quantity("params"), 1),
        "parameters and buffers": (whole + part.quantity("buffers"), 1),
        "weights alone, without the classifier": (part.quantity("weights") - part.classifier.quantity("weights"), 2),
    }
    for words, (value, deviations) in ways.items():
        yield Counting(words=words, value=value, deviations=deviations)
        yield Counting(
            words=_join_words(words, "in steps of 1024"), value=value, deviations=deviations + 1, steps_of_1024=True
        )


def _count_memory(part: MeasuredPart) -> Iterator[Counting]:
    params, buffers, values = (part.quantity(name) for name in ("params", "buffers", "activations"))
    given = part.layer("input").quantity("activations") if any(row.name == "input" for row in part.rows) else 0
    ways = {
        "parameters": (params, 0),
        "parameters and buffers": (params + buffers, 1),
        "activations: the input and every new tensor": (values, 0),
        "activations without the input": (values - given, 1),
        "activations and as many gradients": (2 * values, 1),
        "parameters and activations": (params + values, 1),
        "outputs of convolutions and linear layers": (part.quantity("macts"), 1),
        "outputs of convolutions alone": (part.of_role("convolutions").quantity("macts"), 2),
        "outputs of layers with parameters, twice": (2 * part.weighted_outputs, 2),
        "outputs of every operator, in-place ones too": (part.quantity("outputs"), 2),
        "outputs of every operator and as many gradients": (2 * part.quantity("outputs"), 3),
    }
    for (words, (value, deviations)), nbytes, binary in product(ways.items(), (4, 2), (False, True)):
        yield Counting(
            words=_join_words(words, "" if nbytes == 4 else "2 bytes each", "in steps of 1024" if binary else ""),  # noqa: PLR2004
            value=nbytes * value,
            deviations=deviations + (nbytes != 4) + binary,  # noqa: PLR2004 - of a float32
            steps_of_1024=binary,
        )


def _join_words(first: str, *more: str) -> str:
    named = [name for name in more if name]
    plus = [name for name in named if name in EXTRAS or name.startswith("one more")]
    text = ", ".join((first, *(name for name in named if name not in plus)))
    return f"{text}; also {', '.join(plus)}" if plus else text
