"""The quoted costs of a language model, 2N per token and 6ND to train, beside the walk's counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcost import units
from archcost.page.page import Cell, Column, Line, Page, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Generation


class Quoted(NamedTuple):
    """A way to put a number on a pass, the operations that it gives, and those that were counted, if they were."""

    words: str
    operations: int
    counted: int | None


def list_quoted(found: Generation) -> list[Quoted]:
    """Return the conventions for the prompt, for the token behind it, and for a step of training on the prompt."""
    return list(_yield_quoted(found))


def _yield_quoted(found: Generation) -> Iterator[Quoted]:
    context = next(each for each in found.contexts if each.tokens == found.prompt)
    tokens, prefill, decode = found.batch * found.prompt, 2 * context.prefill.macs, 2 * context.decode.macs
    prompt = prefill if found.all_logits_macs is None else 2 * found.all_logits_macs
    yield Quoted("prompt: counted, logits at every position", prompt, prompt)
    if prefill != prompt:
        yield Quoted("prompt: counted, logits of the last position", prefill, prompt)
    yield Quoted("token: counted, with attention", decode, decode)
    sizes = {"all parameters": found.params}
    if found.active_params != found.params:
        sizes["active parameters"] = found.active_params
    read, made = context.prefill.attention_macs, context.decode.attention_macs
    for name, size in sizes.items():
        yield Quoted(f"prompt: 2ND, N {name}", 2 * size * tokens, prompt)
        yield Quoted(f"prompt: 2ND and attention, N {name}", 2 * size * tokens + 2 * read, prompt)
        yield Quoted(f"token: 2N, N {name}", 2 * size * found.batch, decode)
        yield Quoted(f"token: 2N and attention, N {name}", 2 * size * found.batch + 2 * made, decode)
        yield Quoted(f"training on the prompt: 6ND, N {name}", 6 * size * tokens, 3 * prompt)
        yield Quoted(f"training on the prompt: 6ND and attention, N {name}", 6 * (size * tokens + read), 3 * prompt)
    yield Quoted("training on the prompt: three times the counted prompt", 3 * prompt, 3 * prompt)


def build_page(found: Generation) -> Page:
    """Return the conventions side by side."""
    return Page(
        title="What people quote",
        table=Table(
            heading="Convention",
            columns=(
                Column(name="operations", heading="Operations"),
                Column(name="digits", heading="All digits", rank=1),
                Column(name="off", heading="Off by"),
            ),
            lines=tuple(map(_build_line, list_quoted(found))),
        ),
        conventions=(
            f"Operations are two for each multiply-add, of {units.exact(found.batch)} x {units.exact(found.prompt)} "
            "tokens (D) or of one behind each sequence. 2N and 6ND leave attention out, and count tables of words as "
            "products; attention is the products in which no weight takes part. Training is taken for three passes; "
            "`archcost profile NET --train` walks it. `archcost explain NET FIGURE` finds which of them a figure is."
        ),
    )


def _build_line(quoted: Quoted) -> Line:
    off = None if not quoted.counted else quoted.operations / quoted.counted
    return Line(
        name=quoted.words,
        label=quoted.words,
        cells=(
            Cell(text=units.short(quoted.operations), raw=quoted.operations),
            Cell(text=units.exact(quoted.operations), raw=quoted.operations),
            Cell(text="" if off is None else "=" if off == 1 else units.ratio(off), raw=off),
        ),
    )
