"""Published figures beside measured ones, as a document."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Passage, Table
from archcost.page.rows import read_table
from archcost.records import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Finding, Source

INDENT = 4
COLUMNS = ("quantity", "printed", "measured", "verdict", "source", "at", "convention", "protocol", "explanation")
HEADINGS = {"at": "Where"}
# Words for the quantities that have the names of archcost's fields.
WORDS = {
    "macs": "multiply-adds",
    "params": "parameters",
    "activations": "values",
    "activation_bytes": "memory of all values",
    "param_bytes": "memory of the parameters",
    "depth": "layers",
    "receptive_field": "receptive field",
}
EXPLAINED = ("convention", "differs", "not comparable", "unexplained")  # this verdict has an explanation


def build_document(findings: Sequence[Finding]) -> Document:
    """Return the document of findings: per source, a block in plain text, otherwise a table."""
    return Document(
        pages=lambda: _yield_pages(findings),
        listing=lambda: (_build_listing(findings),),
        data=lambda: dump_json({"claims": [_build_record(finding) for finding in findings]}, sort=False),
        rows=lambda: read_table(build_table(findings, COLUMNS)),
        schema={"network": "text", **dict.fromkeys(COLUMNS, "text"), "measured": "real"},
    )


def _build_listing(findings: Sequence[Finding]) -> Page:
    return Page(title=spell_title(findings), facts=_list_facts(findings), listing=tuple(_yield_lines(findings)))


def spell_title(findings: Sequence[Finding]) -> str:
    """Return the title with the number of figures."""
    figures = f"{units.exact(len(findings))} published figure{'' if len(findings) == 1 else 's'}"
    return f"{figures} beside measured ones"


def _list_facts(findings: Sequence[Finding]) -> tuple[str, ...]:
    kinds = Counter[str](finding.verdict for finding in findings)
    texts = [f"{units.exact(kinds[verdict])} {verdict}" for verdict in VERDICTS if kinds[verdict]]
    wrong = sum(not finding.expected for finding in findings)
    return (*texts, f"{units.exact(wrong)} not as recorded" if wrong else "all as recorded")


def _yield_lines(findings: Sequence[Finding]) -> Iterator[str | Passage]:
    """Yield a block for each source: a line for each figure, with the explanation of its verdict below."""
    widths = [max(map(len, column)) for column in zip(*map(_build_row, findings), strict=True)]
    for source, group in _group_by_source(findings).items():
        yield Passage(source.title)
        for finding in group:
            cells = _build_row(finding)
            padded = (
                f"{cell:>{size}}" if place in {3, 4} else f"{cell:<{size}}"
                for place, (cell, size) in enumerate(zip(cells, widths, strict=True))
            )
            yield ("  " + "  ".join(padded)).rstrip()
            if finding.verdict in EXPLAINED or not finding.expected:
                yield Passage(f"{finding.claim.at}. {finding.explanation}", indent=INDENT, hang=INDENT)
        yield ""


def _build_row(finding: Finding) -> tuple[str, str, str, str, str]:
    claim = finding.claim
    verdict = finding.verdict if finding.expected else f"{finding.verdict} (recorded: {claim.verdict})"
    return verdict, claim.network, WORDS.get(claim.quantity, claim.quantity), claim.printed, _spell_measured(finding)


def _group_by_source(findings: Sequence[Finding]) -> dict[Source, list[Finding]]:
    groups: dict[Source, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.claim.source, []).append(finding)
    return groups


def _spell_measured(finding: Finding) -> str:
    return "" if finding.measured is None else units.figure_like(finding.claim.printed, finding.measured)


def _build_record(finding: Finding) -> dict[str, Any]:
    claim, measured = finding.claim, finding.measured
    value = None if measured is None else int(measured) if measured.denominator == 1 else float(measured)
    return {
        "network": claim.network,
        "quantity": claim.quantity,
        "printed": claim.printed,
        "source": claim.source.title,
        "at": claim.at,
        "convention": claim.convention,
        "protocol": claim.protocol,
        "measured": value,
        "verdict": finding.verdict,
        "recorded": claim.verdict,
        "explanation": finding.explanation,
    }


def build_table(findings: Sequence[Finding], columns: Sequence[str]) -> Table:
    """Return the table of findings with some of `COLUMNS`."""
    return Table(
        heading="Network",
        columns=tuple(
            Column(name=name, heading=HEADINGS.get(name, name.capitalize()), numeric=name in {"printed", "measured"})
            for name in columns
        ),
        lines=tuple(
            Line(
                name=finding.claim.network,
                label=finding.claim.network,
                cells=tuple(_build_cell(finding, name) for name in columns),
            )
            for finding in findings
        ),
    )


def _build_cell(finding: Finding, name: str) -> Cell:
    raw = _build_record(finding)[name]
    texts = {"measured": _spell_measured(finding), "quantity": WORDS.get(finding.claim.quantity, str(raw))}
    return Cell(text=texts.get(name, str(raw)), raw=raw)


def _yield_pages(findings: Sequence[Finding]) -> Iterator[Page]:
    """Yield the number of figures with each verdict, then a table for each source."""
    yield Page(title=spell_title(findings), facts=_list_facts(findings))
    shown = tuple(name for name in COLUMNS if name not in {"source", "convention", "protocol"})
    for source, group in _group_by_source(findings).items():
        yield Page(title=source.title, table=build_table(group, shown))
