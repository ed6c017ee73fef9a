"""Which conventions give a printed figure, as text and JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, TextIO

from archcost import units
from archcost.page.page import Cell, Column, Line, Page, Remark, Table

if TYPE_CHECKING:
    from archcost.records import Claim, Explanation, Way

AGREEMENTS = {"match": "yes", "rounded": "rounded", "cut": "cut", None: ""}
ASKED = {
    "operations": "operations of one forward pass",
    "parameters": "parameters",
    "memory": "of memory",
}


def render(
    explanation: Explanation,
    format_: str = "table",
    *,
    width: int | None = None,
    color: str = "auto",
    target: TextIO | None = None,
) -> str:
    """Return an explanation as "table" or "json"; the rest is as for `archcost.render.render`."""
    if format_ == "json":
        data = dataclasses.asdict(explanation)
        data["published"] = [_record(claim) for claim in explanation.published]
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    from archcost.page.target import fitted, width_of

    return fitted(_page(explanation), target, width=width_of(target) if width is None else width, color=color)


def _page(explanation: Explanation) -> Page:
    simplest = explanation.simplest
    answer = f"the simplest that gives it: {simplest.convention}, {simplest.spec}" if simplest else "none gives it"
    return Page(
        title=f"{explanation.network}: {explanation.printed} {ASKED[explanation.asked]}",
        facts=(f"{units.exact(explanation.searched)} ways of counting were tried", answer, "the nearest first:"),
        table=Table(
            heading="Counted as",
            columns=(
                Column(name="network", heading="Network", numeric=False),
                Column(name="value", heading="Gives"),
                Column(name="difference", heading="Off by"),
                Column(name="agreement", heading="Printed digits", numeric=False, rank=1),
                Column(name="command", heading="Command", numeric=False, rank=2),
            ),
            lines=tuple(
                Line(name=way.convention, label=way.convention, cells=_cells(way, simplest=way == simplest))
                for way in explanation.ways
            ),
        ),
        conventions="Operations between the layers by archcost's rules: see `archcost profile --columns other_ops`."
        if explanation.asked == "operations"
        else "",
        remarks=tuple(Remark(kind="note", text=_published(claim)) for claim in explanation.published),
    )


def _cells(way: Way, *, simplest: bool) -> tuple[Cell, ...]:
    digits = AGREEMENTS[way.agreement] + (", simplest" if simplest else "")
    off = units.growth(round(way.value - way.difference), round(way.value))
    return (
        Cell(text=way.spec, raw=way.spec),
        Cell(text=units.exact(round(way.value)), raw=way.value),
        Cell(text=off, raw=way.difference),
        Cell(text=digits, raw=way.agreement),
        Cell(text=way.command, raw=way.command),
    )


def _published(claim: Claim) -> str:
    reason = f" {claim.reading}" if claim.reading else ""
    arithmetic = f" It is {claim.explained_by}." if claim.explained_by else ""
    return f"{claim.source.title}, {claim.at}: {claim.printed}, {claim.verdict}.{arithmetic}{reason}"


def _record(claim: Claim) -> dict[str, str | None]:
    return {
        "network": claim.network,
        "quantity": claim.quantity,
        "printed": claim.printed,
        "source": claim.source.title,
        "at": claim.at,
        "verdict": claim.verdict,
        "explained_by": claim.explained_by,
        "reading": claim.reading,
    }
