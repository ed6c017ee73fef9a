"""Published figures beside measured ones, as text: for a terminal, as Markdown, HTML, CSV and JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, TextIO

from archcost import units
from archcost.page.page import Cell, Column, Line, Page, Table
from archcost.page.terminal import wrapped
from archcost.records import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Finding, Source

INDENT = 4
COLUMNS = ("quantity", "printed", "measured", "verdict", "source", "at", "convention", "protocol", "explanation")
HEADINGS = {"at": "Where"}
# Quantities that are named as archcost's fields are, in words.
WORDS = {
    "macs": "multiply-adds",
    "params": "parameters",
    "activations": "values",
    "activation_bytes": "memory of all values",
    "param_bytes": "memory of the parameters",
    "depth": "layers",
    "receptive_field": "receptive field",
}
EXPLAINED = ("convention", "differs", "not comparable", "unexplained")  # an explanation belongs to the verdict


def render(
    findings: Sequence[Finding],
    format_: str = "table",
    *,
    width: int | None = None,
    color: str = "auto",
    target: TextIO | None = None,
) -> str:
    """Return findings as "table", "json", "csv", "markdown" or "html"; the rest is as for `archcost.render.render`."""
    if format_ == "json":
        return json.dumps({"claims": [_record(finding) for finding in findings]}, indent=1, ensure_ascii=False) + "\n"
    if format_ == "csv":
        from archcost.page.csv_text import table_csv

        return table_csv(_table(findings, COLUMNS))
    if format_ == "markdown":
        from archcost.page.markdown import markdown

        return "\n".join(markdown(page) for page in _pages(findings))
    if format_ == "html":
        from archcost.page.html import html

        return html(*_pages(findings))
    from archcost.page.target import fitted, width_of

    width = width_of(target) if width is None else width
    page = Page(title=title(findings), facts=_facts(findings), listing=tuple(_lines(findings, width)))
    return fitted(page, target, width=width, color=color)


def title(findings: Sequence[Finding]) -> str:
    """Say how many figures there are."""
    figures = f"{units.exact(len(findings))} published figure{'' if len(findings) == 1 else 's'}"
    return f"{figures} beside measured ones"


def _facts(findings: Sequence[Finding]) -> tuple[str, ...]:
    kinds = Counter[str](finding.verdict for finding in findings)
    texts = [f"{units.exact(kinds[verdict])} {verdict}" for verdict in VERDICTS if kinds[verdict]]
    wrong = sum(not finding.expected for finding in findings)
    return (*texts, f"{units.exact(wrong)} not as recorded" if wrong else "all as recorded")


def _lines(findings: Sequence[Finding], width: int | None) -> Iterator[str]:
    """Yield a block for each source: a line for each figure, and below it what explains the verdict."""
    widths = [max(map(len, column)) for column in zip(*map(_row, findings), strict=True)]
    for source, group in _by_source(findings).items():
        yield from wrapped(source.title, width)
        for finding in group:
            cells = _row(finding)
            padded = (
                f"{cell:>{size}}" if place in {3, 4} else f"{cell:<{size}}"
                for place, (cell, size) in enumerate(zip(cells, widths, strict=True))
            )
            yield ("  " + "  ".join(padded)).rstrip()
            yield from _below(finding, width)
        yield ""


def _row(finding: Finding) -> tuple[str, str, str, str, str]:
    claim = finding.claim
    verdict = finding.verdict if finding.expected else f"{finding.verdict} (recorded: {claim.verdict})"
    return verdict, claim.network, WORDS.get(claim.quantity, claim.quantity), claim.printed, _measured(finding)


def _below(finding: Finding, width: int | None) -> Iterator[str]:
    if finding.verdict in EXPLAINED or not finding.expected:
        room = None if width is None else max(width - INDENT, INDENT)
        for line in wrapped(f"{finding.claim.at}. {finding.explanation}", room):
            yield " " * INDENT + line


def _by_source(findings: Sequence[Finding]) -> dict[Source, list[Finding]]:
    groups: dict[Source, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.claim.source, []).append(finding)
    return groups


def _measured(finding: Finding) -> str:
    return "" if finding.measured is None else units.figure(finding.measured)


def _record(finding: Finding) -> dict[str, Any]:
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


def _table(findings: Sequence[Finding], columns: Sequence[str]) -> Table:
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
                cells=tuple(_cell(finding, name) for name in columns),
            )
            for finding in findings
        ),
    )


def _cell(finding: Finding, name: str) -> Cell:
    raw = _record(finding)[name]
    return Cell(text=_measured(finding) if name == "measured" else str(raw), raw=raw)


def _pages(findings: Sequence[Finding]) -> Iterator[Page]:
    """Yield how many there are of each verdict, then a table for each source."""
    yield Page(title=title(findings), facts=_facts(findings))
    shown = tuple(name for name in COLUMNS if name not in {"source", "convention", "protocol"})
    for source, group in _by_source(findings).items():
        yield Page(title=source.title, table=_table(group, shown))
