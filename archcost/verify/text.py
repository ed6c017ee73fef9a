"""Second opinions as text: for a terminal, as Markdown, CSV and JSON."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.render.page import Cell, Column, Line, Page, Remark, Table
from archcost.verify.compare import FVCORE
from archcost.verify.reasons import OPAQUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.verify.opinions import Difference, Opinion, Opinions

SCHEMA = "archcost.opinions/1"
CONVENTIONS = (
    "All in multiply-adds: fvcore calls one of them a flop, torch's FlopCounterMode counts two FLOPs for each and is "
    "halved here."
)
UNEXPLAINED = "unexplained"


def render(opinions: Opinions, format_: str = "table", *, width: int | None = None, color: bool = False) -> str:
    """Return second opinions as "table", "json", "csv" or "markdown"; `width` and `color` are for the table."""
    if format_ == "json":
        return _json(opinions)
    if format_ == "csv":
        from archcost.render.frames import table_csv

        return table_csv(_table(opinions))
    if format_ == "markdown":
        from archcost.render.markdown import markdown

        page = _page(opinions, None)
        return markdown(dataclasses.replace(page, listing=page.listing[:-1]))
    from archcost.render.terminal import terminal

    return terminal(_page(opinions, width), width=width, color=color)


def _json(opinions: Opinions) -> str:
    data: dict[str, Any] = {"schema": SCHEMA, **dataclasses.asdict(opinions)}
    for entry, opinion in zip(data["opinions"], opinions.opinions, strict=True):
        entry["unexplained"] = None if opinion.total is None else opinion.unexplained
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def _page(opinions: Opinions, width: int | None) -> Page:
    network = opinions.network
    inputs = ", ".join(
        f"{'' if each.name is None else each.name + '='}{units.shape(each.shape)} {each.dtype}"
        for each in network.inputs
    )
    return Page(
        title=network.name if network.name == network.spec else f"{network.name} ({network.spec})",
        facts=("multiply-adds by operator", f"input {inputs}", f"{network.mode} mode", f"on {opinions.device}"),
        table=_table(opinions),
        listing=tuple(line for opinion in opinions.opinions for line in (*_explanation(opinion, width), "")),
        conventions=CONVENTIONS,
        remarks=tuple(_remarks(opinions)),
    )


def _table(opinions: Opinions) -> Table:
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
                cells=tuple(map(_cell, (each.calls, each.macs, *(each.theirs[name] for name in counters)))),
            )
            for each in opinions.operators
        ),
        total=Line(
            name="total",
            label="Total",
            role="total",
            cells=(Cell(), *(_cell(total) for total in (opinions.macs, *(opinion.total for opinion in answered)))),
        ),
    )


def _cell(value: int | None) -> Cell:
    return Cell() if value is None else Cell(text=units.exact(value), raw=value)


def _explanation(opinion: Opinion, width: int | None) -> Iterator[str]:
    """Yield one counter's difference, what it consists of, and the sum again."""
    name = f"{opinion.counter} {opinion.version}"
    if opinion.failure is not None:
        yield from _wrapped(f"{name}: no count. {opinion.failure}", width, "  ")
        return
    if not opinion.differences:
        yield f"{name}: the same for every operator."
        return
    sums = _signed(opinion.difference)
    yield f"{name}: {sums} against archcost"
    digits = max(len(sums), *(len(_signed(each.macs)) for each in opinion.differences))
    for each in opinion.differences:
        text = f"  {_signed(each.macs):>{digits}}  {_words(each)}"
        yield from _wrapped(text, width, " " * (digits + 4))
    rest = opinion.unexplained
    verdict = f"{UNEXPLAINED}: {_signed(rest)}" if rest or _any_open(opinion) else "all of it explained"
    yield f"= {sums:>{digits}}  {verdict}"


def _words(difference: Difference) -> str:
    return f"{difference.operator}: {difference.reason or UNEXPLAINED}"


def _any_open(opinion: Opinion) -> bool:
    return any(each.reason is None for each in opinion.differences)


def _remarks(opinions: Opinions) -> Iterator[Remark]:
    for name, calls in opinions.uncovered.items():
        yield Remark(kind="uncovered", text=f"archcost has no rule for {name} ({_times(calls)})")
    found = {each.name for each in opinions.operators}
    for opinion in opinions.opinions:
        idle = [
            f"{name} ({_times(calls)})"
            for name, calls in opinion.skipped.items()
            if name not in found and not name.startswith(OPAQUE)
        ]
        if idle and opinion.counter == FVCORE:
            text = f"fvcore has no handle for {', '.join(idle)}; archcost finds no multiply-adds there either"
            yield Remark(kind="note", text=text)


def _times(calls: int) -> str:
    return f"{units.exact(calls)}x"


def _signed(value: int) -> str:
    return ("+" if value > 0 else "") + units.exact(value)


def _wrapped(text: str, width: int | None, indent: str) -> list[str]:
    if width is None:
        return [text]
    room = max(width, len(indent) + 20)
    return textwrap.wrap(text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
                         drop_whitespace=True)  # fmt: skip
