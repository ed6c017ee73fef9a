"""The conventions that give a printed figure, as a document."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_table

if TYPE_CHECKING:
    from archcost.records import Claim, Explanation, Way

AGREEMENTS = {"match": "yes", "rounded": "rounded", "cut": "cut", None: ""}
ASKED = {
    "operations": "operations of one forward pass",
    "parameters": "parameters",
    "memory": "of memory",
}


def build_document(explanation: Explanation) -> Document:
    """Return the document of an explanation."""
    return Document(
        pages=lambda: (_build_page(explanation),),
        data=lambda: _dump_explanation(explanation),
        rows=lambda: read_table(_build_table(explanation)),
    )


def _dump_explanation(explanation: Explanation) -> str:
    data = dataclasses.asdict(explanation)
    data["published"] = [_build_record(claim) for claim in explanation.published]
    return dump_json(data, sort=False)


def _build_page(explanation: Explanation) -> Page:
    simplest = explanation.simplest
    answer = (
        f"the simplest that gives it: {simplest.convention}, {simplest.spec}"
        if simplest
        else "none gives it within a tenth"
    )
    return Page(
        title=f"{explanation.network}: {explanation.printed} {ASKED[explanation.asked]}",
        facts=(f"{units.exact(explanation.searched)} ways of counting were tried", answer, "the nearest first:"),
        table=_build_table(explanation),
        conventions="Operations between the layers by archcost's rules: see `archcost profile --columns other_ops`."
        if explanation.asked == "operations"
        else "",
        remarks=tuple(Remark(kind="note", text=_spell_published(claim)) for claim in explanation.published),
    )


def _build_table(explanation: Explanation) -> Table:
    return Table(
        heading="Counted as",
        columns=(
            Column(name="network", heading="Network", numeric=False),
            Column(name="value", heading="Gives"),
            Column(name="difference", heading="Off by"),
            Column(name="agreement", heading="Printed digits", numeric=False, rank=1),
            Column(name="command", heading="Command", numeric=False, rank=2),
        ),
        lines=tuple(
            Line(
                name=way.convention, label=way.convention, cells=_build_cells(way, simplest=way == explanation.simplest)
            )
            for way in explanation.ways
        ),
    )


def _build_cells(way: Way, *, simplest: bool) -> tuple[Cell, ...]:
    digits = AGREEMENTS[way.agreement] + (", simplest" if simplest else "")
    off = units.growth(round(way.value - way.difference), round(way.value))
    return (
        Cell(text=way.spec, raw=way.spec),
        Cell(text=units.exact(round(way.value)), raw=way.value),
        Cell(text=off, raw=way.difference),
        Cell(text=digits, raw=way.agreement),
        Cell(text=way.command, raw=way.command),
    )


def _spell_published(claim: Claim) -> str:
    reason = f" {claim.reading}" if claim.reading else ""
    arithmetic = f" It is {claim.explained_by}." if claim.explained_by else ""
    return f"{claim.source.title}, {claim.at}: {claim.printed}, {claim.verdict}.{arithmetic}{reason}"


def _build_record(claim: Claim) -> dict[str, str | None]:
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
