"""A first set of settings for the networks of a project, added to its pyproject.toml."""

from __future__ import annotations

import copy
import json
import textwrap
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.choices import COUNTING
from archcost.errors import ConfigError
from archcost.records.toml import parse_toml
from archcost.regression.settings import Plan, parse_settings
from archcost.sources.table import describe_forms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archcost.records import Report

LINE = 120
BUDGETS = """\
# What a change may cost; "*" stands for every network, and a name wins over a pattern. Of each quantity: max = "4.2G",
# max_increase = "2%", max_decrease, level = "error" or "warn". What may not change is accepted with
# `archcost check --update`, which writes archcost.lock.json: commit that, and its difference is the review.
[tool.archcost.budgets."*"]
macs = { max_increase = "0" }
params = { max_increase = "0" }
activation_bytes = { max_increase = "2%", level = "warn" }
# time = { max_increase = "5%", level = "warn" }  # archcost check --time --base-ref origin/main
"""
HEADING = "What these networks cost is held by `archcost check`. A spec is {}, with arguments after a question mark."


def networks_in(text: str, file: Path) -> set[str]:
    """Return the specs of the networks that a pyproject.toml has settings for.

    Raises:
        ConfigError: the text is not TOML, or its settings mean nothing.
    """
    try:
        begun = "networks" in _ours(parse_toml(text))
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    return {plan.spec for plan in parse_settings(text, file).plans} if begun else set()


def begin(text: str, networks: Sequence[tuple[Plan, Report]]) -> str:
    """Return a pyproject.toml with networks added at its end; the existing text stays unchanged.

    Budgets are added if the file has none.

    Args:
        text: the present file, in TOML; "" if there is no file.
        networks: the settings of each network, and its present costs.

    Raises:
        ConfigError: it has tables that cannot be added to.
    """
    before = parse_toml(text)
    has_budgets = "budgets" in _ours(before)
    heading = "" if "networks" in _ours(before) else _heading()
    blocks = [heading + _network(*networks[0]), *(_network(*each) for each in networks[1:])]
    addition = "\n".join(blocks if has_budgets else [*blocks, BUDGETS])
    newline = "\r\n" if "\r\n" in text else "\n"
    between = "" if not text else newline if text.endswith("\n") else 2 * newline
    extended = text + between + addition.replace("\n", newline)
    if not _only_added(before, extended, addition):
        raise ConfigError(
            f"pyproject.toml: its [tool.archcost] cannot be added to. Nothing was written; add:\n{addition}"
        )
    return extended


def _heading() -> str:
    lines = textwrap.wrap(HEADING.format(describe_forms()), LINE, initial_indent="# ", subsequent_indent="# ")
    return "\n".join(lines) + "\n"


def _network(plan: Plan, report: Report) -> str:
    return "\n".join(_lines(plan, report)) + "\n"


def _lines(plan: Plan, report: Report) -> Iterator[str]:
    yield f"[tool.archcost.networks.{_quote(plan.name)}]"
    yield f"spec = {_quote(plan.spec)}"
    if plan.inputs:
        texts = [_quote(text) for text in plan.inputs]
        yield f"input = {texts[0] if len(texts) == 1 else '[' + ', '.join(texts) + ']'}"
    if plan.device != COUNTING:
        yield f"device = {_quote(plan.device)}  # it needs real values"
    shapes = ", ".join(units.shape(each.shape) for each in report.network.inputs)
    macs, params = units.short(report.totals.macs), units.short(report.totals.params)
    yield f"# {macs} MACs, {params} params on {shapes}"


def _only_added(before: dict[str, Any], extended: str, addition: str) -> bool:
    """Whether the new text means the old settings plus the additions, and nothing else."""
    expected = copy.deepcopy(before)
    try:
        for key, tables in _ours(parse_toml(addition)).items():
            there = expected.setdefault("tool", {}).setdefault("archcost", {}).setdefault(key, {})
            if there.keys() & tables.keys():
                return False
            there.update(tables)
        return parse_toml(extended) == expected
    except (AttributeError, ValueError):  # a value where a table belongs, a table that is closed
        return False


def _ours(data: dict[str, Any]) -> dict[str, Any]:
    tool = data.get("tool", {})
    ours = tool.get("archcost", {}) if isinstance(tool, dict) else {}
    return ours if isinstance(ours, dict) else {}


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
