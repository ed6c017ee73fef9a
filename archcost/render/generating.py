"""The costs of generating text, as a document: prefill and decode at each context, the largest batch, and the cache."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Figure, Line, Page, Remark, Table
from archcost.page.rows import read_records
from archcost.render import quoting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archcost.records import CachePart, Context, Generation, Pass

BOUND = (
    "The bound is the larger of the time that {device} needs for the multiply-adds that no mask hides and for the "
    "bytes, {source}. It predicts no latency."
)
CEILINGS = {
    "datasheet": "by its maker's peaks: no real pass is as fast",
    "measured": "at the fastest products and copies that were measured there: a pass hardly beats it, and only where "
    "reading is faster than copying",
}
PASSES = ("prefill", "decode")


def build_document(found: Generation, picture: Callable[[], str], *, binary: bool = False) -> Document:
    """Return the document of generating text; `picture` draws an SVG if there are several points."""
    several = len(found.contexts) > 1 or (found.room is not None and len(found.room.batches) > 1)
    return Document(
        pages=lambda: (
            replace(_build_page(found, binary=binary), picture=picture if several else None),
            _build_cache(found, binary=binary),
            quoting.build_page(found),
        ),
        data=lambda: dump_json(_describe(found)),
        rows=lambda: read_records(_list_records(found)),
        picture=picture,
    )


def _describe(found: Generation) -> dict[str, Any]:
    data = dataclasses.asdict(found)
    for context, told in zip(found.contexts, data["contexts"], strict=True):
        told |= {"cache_bytes": context.cache_bytes, "paged_bytes": context.paged_bytes}
        for name in PASSES:
            told[name]["intensity"] = getattr(context, name).intensity
    return {**data, "conventions": [each._asdict() for each in quoting.list_quoted(found)]}


def _list_records(found: Generation) -> Iterator[dict[str, Any]]:
    for context in found.contexts:
        for name in PASSES:
            one: Pass = getattr(context, name)
            yield {
                "context": context.tokens,
                "pass": name,
                **dataclasses.asdict(one),
                "intensity": one.intensity,
                "cache_bytes": context.cache_bytes,
                "paged_bytes": context.paged_bytes,
                "token_bytes": context.token_bytes,
                "needed_bytes": context.needed_bytes,
            }


def _build_page(found: Generation, *, binary: bool) -> Page:
    sequences = "1 sequence" if found.batch == 1 else f"{units.exact(found.batch)} sequences"
    stored = "" if found.kv_dtype is None else f", its cache in {found.kv_dtype}"
    bound = "" if found.ceiling is None else " " + BOUND.format(device=found.device, source=CEILINGS[found.ceiling])
    return Page(
        title=f"Generating text with {found.network}",
        facts=(f"{sequences}, {' and '.join(found.dtypes)}{stored}", f"context: tokens of {found.text_input}"),
        table=_build_table(found, binary=binary),
        figures=tuple(_list_figures(found, binary=binary)),
        conventions=(
            "Every figure is of a walk of the network, the cache is the one that it returned. To read are the weights "
            "that a pass meets, its inputs and the cache, each once. Activations are what is alive beside weights and "
            "cache. Needed is the larger of both passes, the prefill in one piece, in exact bytes of the tensors; an "
            f"allocator's rounding, kernels' workspaces and a GPU's context come on top.{bound}"
        ),
        remarks=tuple(Remark(kind="note", text=note) for note in found.notes),
    )


def _list_figures(found: Generation, *, binary: bool) -> Iterator[Figure]:
    def size(label: str, value: int, remark: str = "") -> Figure:
        return Figure(
            label=label, digits=units.exact(value), short=units.short(value, "B", binary=binary), remark=remark
        )

    def count(label: str, value: int, remark: str = "") -> Figure:
        return Figure(label=label, digits=units.exact(value), short=units.short(value), remark=remark)

    yield count("parameters", found.params)
    yield count("active parameters", found.active_params, "what one token meets, tables as wholes")
    yield size("weights", found.weight_bytes)
    first = found.contexts[0]
    yield size("cache for each token", found.contexts[-1].token_bytes, "by which a sequence grows at the last context")
    yield size("cache of a sequence", first.cache_bytes // found.batch, f"of {units.exact(first.tokens)} tokens")
    if found.all_logits_macs is not None:
        yield count("prefill, all logits", found.all_logits_macs, "multiply-adds with logits at every position")
    room = found.room
    if room is not None:
        memory, tokens = units.short(room.memory_bytes, "B", binary=binary), found.contexts[-1].tokens
        held = f"in {memory}, of {units.exact(tokens)} tokens"
        yield _say_most("largest batch", room.largest_batch, f"{held}, prompts read at once")
        yield _say_most("largest batch in turn", room.batch_in_turn, f"{held}, prompts read one after the other")
        yield _say_most("longest context", room.longest_context, f"in {memory}, for a batch of {found.batch}")


def _say_most(label: str, value: int | None, remark: str) -> Figure:
    return Figure(label=label, digits="none fits" if value is None else units.exact(value), remark=remark)


def _build_table(found: Generation, *, binary: bool) -> Table:
    names = {
        "macs": "MACs", "read_bytes": "To read", "intensity": "MACs/B", "activation_bytes": "Activations",
        "cache_bytes": "Cache", "paged_bytes": f"Paged by {found.block}", "needed_bytes": "Needed",
        **({} if found.device is None else {"bound_ns": "Bound"}),
    }  # fmt: skip
    ranks = {"paged_bytes": 3, "intensity": 2}
    return Table(
        heading="Pass",
        columns=tuple(Column(name=name, heading=text, rank=ranks.get(name, 0)) for name, text in names.items()),
        lines=tuple(_build_line(context, name, binary=binary) for context in found.contexts for name in PASSES),
    )


def _build_line(context: Context, name: str, *, binary: bool) -> Line:
    one: Pass = getattr(context, name)

    def size(value: int) -> Cell:
        return Cell(text=units.short(value, "B", binary=binary), raw=value)

    bound = () if one.bound_ns is None else (Cell(text=units.duration(one.bound_ns), raw=one.bound_ns),)
    label = f"{name} {'of' if name == 'prefill' else 'at'} {units.exact(context.tokens)}"
    return Line(
        name=label,
        label=label,
        cells=(
            Cell(text=units.short(one.macs), raw=one.macs),
            size(one.read_bytes),
            Cell(text=f"{one.intensity:,.1f}", raw=one.intensity),
            *map(size, (one.activation_bytes, context.cache_bytes, context.paged_bytes, context.needed_bytes)),
            *bound,
        ),
    )


def _build_cache(found: Generation, *, binary: bool) -> Page:
    """Return the cache of the prompt, layer by layer."""
    context = next(each for each in found.contexts if each.tokens == found.prompt)
    return Page(
        title=f"Cache of {units.exact(context.tokens)} tokens",
        table=Table(
            heading="Layer",
            columns=(
                Column(name="shapes", heading="Tensors", numeric=False),
                Column(name="tokens", heading="Tokens"),
                Column(name="bytes", heading="Bytes"),
                Column(name="paged_bytes", heading=f"Paged by {found.block}"),
            ),
            lines=tuple(_build_part(part, binary=binary) for part in context.cache),
        ),
        conventions=(
            f"Paged is what an engine reserves that gives out whole blocks of {found.block} tokens; the network itself "
            "takes none. Tokens are empty where the size does not depend on their number."
        ),
    )


def _build_part(part: CachePart, *, binary: bool) -> Line:
    shapes = ", ".join(map(units.shape, part.shapes))
    return Line(
        name=part.name,
        label=part.name,
        cells=(
            Cell(text=shapes, raw=shapes),
            Cell(text="" if part.tokens is None else units.exact(part.tokens), raw=part.tokens),
            *(Cell(text=units.short(n, "B", binary=binary), raw=n) for n in (part.nbytes, part.paged_bytes)),
        ),
    )
