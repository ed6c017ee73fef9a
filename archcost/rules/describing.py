"""Descriptions of the rules from their docstrings: formulas, "Not counted" and the rest, as plain texts."""

from __future__ import annotations

import fnmatch
import re
import sys
from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING

from archcost.rules import work
from archcost.rules._registry import RULES
from archcost.rules.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.rules._registry import Rule

LEFT_OUT = "Not counted: "
FORMULAS = tuple(f"{name} = " for name in Work.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One rule and the operators that follow it.

    `group` is the first line of the module that declares the rule, `formulas` the lines of its docstring that say how
    the fields of `Work` are computed, and `why` the reason of an operator that costs nothing.
    """

    group: str
    operators: tuple[str, ...]
    role: str
    sight: str
    summary: str
    formulas: tuple[str, ...]
    left_out: str
    why: str


def describe_rules(pattern: str | None = None, rules: Mapping[str, Rule] = RULES) -> list[Description]:
    """Return the rules in the order in which they were declared, module by module.

    Args:
        pattern: an operator ("aten.convolution", "convolution"), a part of one, or a glob ("aten.*pool*"); None: all.
        rules: the table to describe.
    """
    found: dict[tuple[object, ...], list[str]] = {}
    for name, rule in rules.items():
        if pattern is None or _matches(name, pattern):
            found.setdefault((rule.count, rule.role, rule.sight, rule.why), []).append(name)
    described = [_describe(operators, rules[operators[0]]) for operators in found.values()]
    groups = list(dict.fromkeys(each.group for each in described))
    return sorted(described, key=lambda each: groups.index(each.group))


def _matches(name: str, pattern: str) -> bool:
    """Whether a pattern means an operator; "mm" is the operator of this name and no part of "addmm"."""
    plain = pattern.replace("::", ".")
    if any(sign in plain for sign in "*?["):
        return fnmatch.fnmatchcase(name, plain)
    named = {plain, f"aten.{plain}"} & RULES.keys()
    return name in named if named else plain in name


def _describe(operators: Sequence[str], rule: Rule) -> Description:
    summary, formulas, left_out = ("", (), "") if rule.why else read_docstring(rule.count.__doc__)
    return Description(
        group="Operators that cost nothing" if rule.why else _read_title(rule),
        operators=tuple(operators),
        role=rule.role,
        sight=_spell_sight(rule.sight),
        summary=summary,
        formulas=formulas,
        left_out=left_out,
        why=rule.why or "",
    )


def _spell_sight(name: str) -> str:
    """Return what an element of the output looks at, as the kind of sight says it before its first comma or colon."""
    if name == work.Sight.__name__:
        return "depends on the call"
    text = cleandoc(getattr(work, name).__doc__)
    return text[0].lower() + re.split("[,;:.]", text)[0][1:]


def _read_title(rule: Rule) -> str:
    text = getattr(sys.modules.get(rule.count.__module__), "__doc__", None) or rule.count.__module__
    return cleandoc(text).partition("\n")[0].removesuffix(".")


def read_docstring(text: str | None) -> tuple[str, tuple[str, ...], str]:
    """Return a rule's explanation in one line, its formulas, and what it leaves out."""
    summary, formulas, left_out = [], [], ""
    for line in cleandoc(text or "").splitlines():
        if line.startswith(FORMULAS):
            formulas.append(line)
        elif line.startswith(LEFT_OUT):
            left_out = line.removeprefix(LEFT_OUT)
        elif line:
            summary.append(line)
    return " ".join(summary), tuple(formulas), left_out
