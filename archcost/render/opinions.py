"""Other counters' figures, and the reasons for their differences, as a document."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.choices import GPUS
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Passage, Remark, Table
from archcost.page.rows import read_table
from archcost.records.opinions import FVCORE, OPAQUE
from archcost.render import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records.opinions import CountDifference, Opinion, Opinions, Walks

SCHEMA = "archcost.opinions/1"
CONVENTIONS = (
    "All in multiply-adds: fvcore calls one of them a flop, torch's FlopCounterMode counts two FLOPs for each and is "
    "halved here."
)
UNEXPLAINED = "unexplained"
UNCHECKED = "archcost's walk has not been run on a GPU yet: a difference from meta may be its own"
SHOWN = 20


def build_document(opinions: Opinions) -> Document:
    """Return the document of other counters' figures."""
    return Document(
        pages=lambda: (_build_page(opinions),),
        data=lambda: _dump_opinions(opinions),
        rows=lambda: read_table(_build_table(opinions)),
    )


def _dump_opinions(opinions: Opinions) -> str:
    data: dict[str, Any] = {"schema": SCHEMA, **dataclasses.asdict(opinions)}
    for entry, opinion in zip(data["opinions"], opinions.opinions, strict=True):
        entry["unexplained"] = None if opinion.total is None else opinion.unexplained
    return dump_json(data)


def _build_page(opinions: Opinions) -> Page:
    return Page(
        title=summary.spell_title(opinions.network),
        facts=("multiply-adds by operator", *summary.list_run_facts(opinions.network), f"on {opinions.device}"),
        table=_build_table(opinions),
        listing=(
            *(line for opinion in opinions.opinions for line in (*_explain(opinion), "")),
            *(() if opinions.walks is None else _list_differences(opinions.walks)),
        ),
        conventions=CONVENTIONS,
        remarks=tuple(_yield_remarks(opinions)),
    )


def _build_table(opinions: Opinions) -> Table:
    answered = [opinion for opinion in opinions.opinions if opinion.total is not None]
    counters = [opinion.counter for opinion in answered]
    return Table(
        heading="Operator",
        columns=(
            Column(name="calls", heading="Calls", rank=1),
            *(Column(name=name, heading=name) for name in ("archcost", *counters)),
        ),
        lines=tuple(
            Line(
                name=each.name,
                label=each.name,
                cells=tuple(map(_build_cell, (each.calls, each.macs, *(each.theirs[name] for name in counters)))),
            )
            for each in opinions.operators
        ),
        total=Line(
            name="total",
            label="Total",
            role="total",
            cells=(
                Cell(),
                *(_build_cell(total) for total in (opinions.macs, *(opinion.total for opinion in answered))),
            ),
        ),
    )


def _build_cell(value: int | None) -> Cell:
    return Cell() if value is None else Cell(text=units.exact(value), raw=value)


def _explain(opinion: Opinion) -> Iterator[str | Passage]:
    """Yield one counter's difference, its parts, and their sum."""
    name = f"{opinion.counter} {opinion.version}"
    if opinion.failure is not None:
        yield Passage(f"{name}: no count. {opinion.failure}", hang=2)
        return
    if not opinion.differences:
        yield f"{name}: the same for every operator."
        return
    sums = _spell_signed(opinion.difference)
    yield f"{name}: {sums} against archcost"
    digits = max(len(sums), *(len(_spell_signed(each.macs)) for each in opinion.differences))
    for each in opinion.differences:
        yield Passage(f"{_spell_signed(each.macs):>{digits}}  {_spell_difference(each)}", indent=2, hang=digits + 4)
    rest = opinion.unexplained
    verdict = f"{UNEXPLAINED}: {_spell_signed(rest)}" if rest or _is_open(opinion) else "all of it explained"
    yield f"= {sums:>{digits}}  {verdict}"


def _list_differences(walks: Walks) -> Iterator[str | Passage]:
    """Yield the quantities that differ between a walk on a device and a walk on meta."""
    if walks.failure is not None:
        yield Passage(f"meta: no walk to compare with. {walks.failure}", hang=2)
        return
    rows = f"{units.exact(walks.rows)} rows"
    if not walks.differences:
        yield f"meta: the same as on {walks.device} in all {rows} and the totals."
        return
    yield f"meta: differs from {walks.device}, which has {rows}"
    for each in walks.differences[:SHOWN]:
        yield Passage(
            f"{each.row}: {each.quantity} {each.meta} on meta, {each.there} on {walks.device}", indent=2, hang=4
        )
    if len(walks.differences) > SHOWN:
        yield f"  and {units.exact(len(walks.differences) - SHOWN)} more, which --format json lists"


def _spell_difference(difference: CountDifference) -> str:
    return f"{difference.operator}: {difference.reason or UNEXPLAINED}"


def _is_open(opinion: Opinion) -> bool:
    return any(each.reason is None for each in opinion.differences)


def _yield_remarks(opinions: Opinions) -> Iterator[Remark]:
    if opinions.device.partition(":")[0] in GPUS:
        yield Remark(kind="note", text=UNCHECKED)
    for name, calls in opinions.uncovered.items():
        yield Remark(kind="uncovered", text=f"archcost has no rule for {name} ({_spell_calls(calls)})")
    found = {each.name for each in opinions.operators}
    for opinion in opinions.opinions:
        idle = [
            f"{name} ({_spell_calls(calls)})"
            for name, calls in opinion.skipped.items()
            if name not in found and not name.startswith(OPAQUE)
        ]
        if idle and opinion.counter == FVCORE:
            text = f"fvcore has no handle for {', '.join(idle)}; archcost finds no multiply-adds there either"
            yield Remark(kind="note", text=text)


def _spell_calls(calls: int) -> str:
    return f"{units.exact(calls)}x"


def _spell_signed(value: int) -> str:
    return ("+" if value > 0 else "") + units.exact(value)
