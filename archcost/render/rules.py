"""The operators' rules, as a document: a list to read, a table, and one row per operator for programs."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.page import Cell, Column, Line, Page, Passage, Remark, Table
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcost.rules.describing import Description

HEADINGS = ("Rule", "Formula", "Not counted", "Role", "Sees", "Autocast")
CASTS = {
    "lower": "half precision",
    "full": "float32",
    "promote": "widest input",
    "full dtype": "float32",
    "append dtype": "float32",
    "refuse": "refused",
}
NOTE = (
    "Autocast casts the inputs of some operators before they become others (linear becomes addmm, conv2d becomes "
    "convolution); an operator without an entry runs in the precision of its inputs."
)
INDENT = 4


def build_document(rules: Sequence[Description], casts: Mapping[str, Mapping[str, str]]) -> Document:
    """Return the document of rules.

    Args:
        rules: the rules, each with its operators.
        casts: autocast's policy by device ("cpu", "cuda") and operator.
    """
    remarks = (Remark(kind="note", text=NOTE),)
    records = [record for each in rules for record in _yield_records(each, casts)]
    title = f"{units.exact(len(records))} operator{'' if len(records) == 1 else 's'} with a rule"
    groups = [(name, list(members)) for name, members in groupby(rules, key=lambda each: each.group)]
    return Document(
        pages=lambda: [Page(title=name, table=_build_table(members, casts)) for name, members in groups],
        listing=lambda: (Page(title=title, listing=tuple(_yield_lines(groups, casts)), remarks=remarks),),
        data=lambda: json.dumps(records, indent=1, ensure_ascii=False) + "\n",
        rows=lambda: read_records(records),
    )


def _yield_records(rule: Description, casts: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    for operator in rule.operators:
        yield {
            "operator": operator,
            "summary": rule.summary,
            "formula": "; ".join(rule.formulas),
            "not_counted": rule.left_out,
            "free_because": rule.why,
            "role": rule.role,
            "sees": rule.sight,
            **{f"autocast_{device}": names.get(operator, "") for device, names in casts.items()},
        }


def _build_table(rules: Sequence[Description], casts: Mapping[str, Mapping[str, str]]) -> Table:
    return Table(
        heading="Operators",
        columns=tuple(Column(name=heading.lower(), heading=heading, numeric=False) for heading in HEADINGS),
        lines=tuple(
            Line(
                name=(names := ", ".join(rule.operators)),
                label=names,
                cells=tuple(
                    Cell(text=text)
                    for text in (
                        rule.summary or f"Free: {rule.why}.", "; ".join(rule.formulas), rule.left_out, rule.role,
                        rule.sight, _spell_casts(rule, casts),
                    )
                ),
            )
            for rule in rules
        ),
    )  # fmt: skip


def _yield_lines(
    groups: Sequence[tuple[str, Sequence[Description]]], casts: Mapping[str, Mapping[str, str]]
) -> Iterator[str | Passage]:
    """Yield a block for each module of rules, which has a block for each rule."""
    for n, (group, members) in enumerate(groups):
        if n:
            yield ""
        yield group
        for rule in members:
            yield ""
            yield Passage(", ".join(rule.operators), indent=2, hang=2)
            yield Passage(rule.summary or f"Free: {rule.why}.", indent=INDENT, hang=INDENT)
            for formula in rule.formulas:
                yield Passage(formula, indent=INDENT, hang=INDENT * 2)
            if rule.left_out:
                yield Passage(f"Not counted: {rule.left_out}", indent=INDENT, hang=INDENT * 2)
            cast = _spell_casts(rule, casts)
            traits = (f"Role: {rule.role}.", f"Sees: {rule.sight}.", f"Autocast: {cast}." if cast else "")
            yield Passage(" ".join(filter(None, traits)), indent=INDENT, hang=INDENT)


def _spell_casts(rule: Description, casts: Mapping[str, Mapping[str, str]]) -> str:
    """Return autocast's policy for a rule's operators: "float32 on cuda (pow, exp)"."""
    said = []
    for device, policies in casts.items():
        chosen = [(CASTS[policies[name]], name) for name in rule.operators if name in policies]
        for cast in dict.fromkeys(cast for cast, _ in chosen):
            names = [name.partition(".")[2] for each, name in chosen if each == cast]
            only = "" if len(names) == len(rule.operators) else f" ({', '.join(names)})"
            said.append(f"{cast} on {device}{only}")
    return "; ".join(said)
