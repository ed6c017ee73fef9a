"""Budgets: limits on a network's quantities, read from settings or from conditions.

A budget is one limit with its own level. Name patterns inherit limit by limit: a more specific pattern replaces a limit
of the same quantity, kind and level, and adds to the others.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.errors import ArgumentError, ConfigError, closest
from archcost.metrics import METRICS, SUMS, USUAL
from archcost.records import Allowance, Budget
from archcost.regression.snapshot import TOTAL_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import LimitKind

KINDS: tuple[LimitKind, ...] = ("max", "max_increase", "max_decrease")
KEYS = (*KINDS, "level")
LEVELS = ("error", "warn", "off")
GATED = TOTAL_METRICS
MODULES = "modules"  # the table of a pattern that holds budgets of layers, by patterns of their paths
NOTHING_MORE = Allowance(amount=Fraction(0), percent=False, text="0")
DEFAULT = tuple(
    Budget(metric=name, kind="max_increase", limit=NOTHING_MORE, where="no budget is set")
    for name in METRICS
    if name in USUAL
)
TIME = "time"  # not a counted quantity: `archcost check --time` measures it beside the base, in the same job
TIME_KEYS = ("max_increase", "level")
USUAL_TIME = Budget(
    metric=TIME,
    kind="max_increase",
    limit=Allowance(amount=Fraction(2), percent=True, text="2%"),
    level="warn",
    where="no budget is set",
)
CONDITION = re.compile(r"\s*(?P<metric>\w*)\s*(?P<sign><=|>=|<|>)\s*(?P<limit>[+-]?[^<>=+-]+)")


@dataclass(frozen=True, slots=True)
class Rules:
    """The budgets of one name pattern: its limits, and the inherited limits that it turns "off".

    Each item of `dropped` is a module pattern, a quantity, and a kind of limit, or None for every kind.
    """

    limits: tuple[Budget, ...] = ()
    dropped: tuple[tuple[str, str, LimitKind | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a project, by name pattern."""

    patterns: Mapping[str, Rules] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """All quantities that any budget names."""
        limits = (limit.metric for rules in self.patterns.values() for limit in rules.limits)
        return tuple(dict.fromkeys(name for name in limits if name != TIME))

    def of(self, network: str) -> tuple[Budget, ...]:
        """Return the budgets of one network. If no pattern matches, the usual quantities may not grow.

        Of several matching patterns, the one with the most literal characters wins; a plain name wins over every
        pattern.
        """
        found = self._of(network)
        return DEFAULT if found is None else tuple(limit for limit in found if limit.metric != TIME)

    def time_of(self, network: str) -> Budget | None:
        """Return the budget for a network's slowdown: 2 % with a warning, unless a pattern sets another one.

        None where a pattern turns it off.
        """
        found = self._of(network, (USUAL_TIME,))
        return USUAL_TIME if found is None else next((limit for limit in found if limit.metric == TIME), None)

    def _of(self, network: str, start: tuple[Budget, ...] = ()) -> tuple[Budget, ...] | None:
        """Return every limit that applies to a network; None if no pattern matches."""
        fitting = sorted((text for text in self.patterns if fnmatchcase(network, text)), key=_specificity)
        found = {limit.key: limit for limit in start}
        for text in fitting:
            rules = self.patterns[text]
            for modules, metric, kind in rules.dropped:
                for key in [key for key in found if key[:2] == (modules, metric) and kind in {None, key[2]}]:
                    del found[key]
            timed = [limit for limit in rules.limits if limit.metric == TIME]
            if timed:  # the time has one limit, so it has one level
                found = {key: limit for key, limit in found.items() if limit.metric != TIME}
            found |= {limit.key: limit for limit in rules.limits}
        return tuple(found.values()) if fitting else None


def find_loosened(before: Sequence[Budget], after: Sequence[Budget]) -> tuple[str, ...]:
    """Name the limits of a network that became looser: "budget macs max_increase 2% -> 200%"."""
    now = {budget.key: budget for budget in after}
    olds = {budget.key for budget in before}
    texts = []
    for old in before:
        new = now.get(old.key)
        name = " ".join(filter(None, ("budget", old.modules, old.metric, old.kind)))
        if new is None:
            other = next((each for each in after if each.key[:3] == old.key[:3]), None)  # of the other level
            if other is not None and other.level == "error" and not _is_looser(other, old):
                continue
            lowered = other is not None and other.key not in olds  # an error that became a warning is named as one
            end = f"-> {_write_level(other)}" if other is not None and lowered else "removed"
            texts.append(f"{name} {_write_level(old)} {end}")
        elif _is_looser(new, old):
            texts.append(f"{name} {_write_level(old)} -> {_write_level(new)}")
    return tuple(texts)


def _write_level(budget: Budget) -> str:
    return limit_text(budget) + (" (warning)" if budget.level == "warn" else "")


def limit_text(budget: Budget) -> str:
    """Format a limit as a user would write it: "2%", "12 M"."""
    if isinstance(budget.limit, Allowance):
        return budget.limit.text
    return units.short(budget.limit, METRICS[budget.metric].unit)


def _is_looser(new: Budget, old: Budget) -> bool:
    if isinstance(new.limit, Allowance) and isinstance(old.limit, Allowance):
        # an amount and a percentage cannot be compared: name the change
        return new.limit.percent != old.limit.percent or new.limit.amount > old.limit.amount
    assert isinstance(new.limit, int)  # noqa: S101 - both are of one kind
    assert isinstance(old.limit, int)  # noqa: S101
    return new.limit > old.limit


def parse_budgets(table: Mapping[str, Any], file: str = "pyproject.toml", heading: str = "budgets") -> Budgets:
    """Read the tables under `[tool.archcost.budgets]`.

    Raises:
        ConfigError: an unknown quantity or key, or a wrong value; names its place and what is allowed.
    """
    return Budgets({pattern: _rules(rules, file, f'{heading}."{pattern}"') for pattern, rules in table.items()})


def _rules(value: Any, file: str, where: str) -> Rules:
    """Read the budgets of one name pattern: a table of quantities, and a table of modules."""
    table = dict(_table(value, f"{file}: {where}", "QUANTITY = {...}"))
    parts = _table(table.pop(MODULES, {}), f"{file}: {where}.{MODULES}", '"backbone.*" = { macs = {...} }')
    found = [_quantity(name, rule, file, f"{where}.{name}") for name, rule in table.items()]
    for modules, quantities in parts.items():
        place = f'{where}.{MODULES}."{modules}"'
        for name, rule in _table(quantities, f"{file}: {place}", "QUANTITY = {...}").items():
            if name not in SUMS:
                hint = closest(name, SUMS, f"there are {', '.join(SUMS)}")
                raise ConfigError(f"{file}: {place}.{name} does not add up over layers; {hint}")
            found.append(_quantity(name, rule, file, f"{place}.{name}", modules))
    return Rules(
        limits=tuple(limit for rules in found for limit in rules.limits),
        dropped=tuple(dropped for rules in found for dropped in rules.dropped),
    )


def _quantity(name: str, value: Any, file: str, where: str, modules: str = "") -> Rules:
    """Read the limits of one quantity: a table, or a list of tables for limits of several levels."""
    try:
        if name != TIME:
            _total(name)
    except ArgumentError as error:
        raise ConfigError(f"{file}: {where}: {error}") from error
    if isinstance(value, list) and name != TIME:
        found = [_limits(name, each, file, where, modules) for each in value]
        return Rules(tuple(b for r in found for b in r.limits), tuple(d for r in found for d in r.dropped))
    return _limits(name, value, file, where, modules)


def _limits(name: str, value: Any, file: str, where: str, modules: str) -> Rules:
    keys, example = (TIME_KEYS, '{ max_increase = "5%" }') if name == TIME else (KEYS, '{ max = "4.2G" }')
    place = f"{file}: {where}"
    table: dict[Any, Any] = {  # the keys that are left, once the level is taken out, are kinds of limits
        key: _setting(key, each, f"{place}.{key}", keys) for key, each in _table(value, place, example).items()
    }
    level = table.pop("level", "warn" if name == TIME else "error")
    if name == TIME and "max_increase" in table and not table["max_increase"].percent:
        raise ConfigError(f'{place}.max_increase must be in per cent, such as "5%": times differ between machines')
    if level == "off":
        return Rules(dropped=tuple((modules, name, kind) for kind in table) or ((modules, name, None),))
    if not table and name == TIME:
        table = {"max_increase": USUAL_TIME.limit}
    if not table:
        raise ConfigError(f"{place} has a level and no limit; a level belongs to a limit: {example}")
    return Rules(
        limits=tuple(
            Budget(metric=name, kind=kind, limit=limit, level=level, where=where, modules=modules)
            for kind, limit in table.items()
        )
    )


def parse_condition(text: str) -> Budget:
    """Read a condition that fails a check: "macs>+2%", "params>25.6M", "macs<-1%" (it shrank by more).

    Raises:
        ArgumentError: the text is anything else, or names an unknown quantity.
    """
    found = CONDITION.fullmatch(text)
    if found is None or not found["metric"]:
        raise ArgumentError(f"--fail-if {text!r} does not parse; write 'macs>+2%', 'params>25.6M' or 'macs<-1%'")
    try:
        budget = _condition(_total(found["metric"]), found["sign"], found["limit"])
    except ArgumentError as error:
        raise ArgumentError(f"--fail-if {text!r}: {error}") from error
    return replace(budget, where=f"--fail-if '{text}'")


def requirement(name: str, text: str) -> Budget:
    """Read the limit that a quantity must keep: "<4.2G", "<=25.6M", "<=+2%" (of its earlier value).

    Raises:
        ArgumentError: the text is anything else, or names an unknown quantity.
    """
    found = CONDITION.fullmatch(text)
    opposite = {"<": ">=", "<=": ">"}
    if found is None or found["metric"] or found["sign"] not in opposite:
        raise ArgumentError(f"{name}={text!r} does not parse; write '<4.2G', '<=25.6M' or '<=+2%'")
    return replace(_condition(_total(name), opposite[found["sign"]], found["limit"]), where=f"{name}{text}")


def _condition(name: str, sign: str, text: str) -> Budget:
    """Return the budget that fails if a quantity is on the `sign` side of a limit."""
    if text[0] in "+-":
        kinds: dict[tuple[str, str], LimitKind] = {("+", ">"): "max_increase", ("-", "<"): "max_decrease"}
        kind = kinds.get((text[0], sign))
        if kind is None:
            raise ArgumentError("a change is compared as '>+2%' (it grew by more) or '<-2%' (it shrank by more)")
        return Budget(metric=name, kind=kind, limit=_allowance(text[1:]))
    if sign.startswith("<"):
        raise ArgumentError(f"only upper limits can fail; to forbid a decrease write '{name}<-2%'")
    amount = units.parse_amount(text)
    return Budget(metric=name, kind="max", limit=math.floor(amount) if sign == ">" else math.ceil(amount) - 1)


def _setting(key: str, value: Any, place: str, keys: Sequence[str]) -> Any:
    if key not in keys:
        hint = closest(key, keys, f"there are {', '.join(keys)}")
        raise ConfigError(f"{place}: there is no such key; {hint}")
    if key == "level":
        if value not in LEVELS:
            raise ConfigError(f"{place} must be one of {', '.join(LEVELS)}, not {value!r}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, int) and value < 0):
        raise ConfigError(f'{place} must be an amount such as "4.2G" or 4200000000, not {value!r}')
    try:
        return math.floor(units.parse_amount(str(value))) if key == "max" else _allowance(str(value))
    except ArgumentError as error:
        raise ConfigError(f"{place}: {error}") from error


def _allowance(text: str) -> Allowance:
    percent = text.strip().endswith("%")
    number = text.strip().removesuffix("%")
    if percent and not re.fullmatch(r"\d+(\.\d+)?\s*", number):
        raise ArgumentError(f"{text!r} is not a change; write 2%, 0.5%, 10M or 0")
    return Allowance(amount=Fraction(units.parse_amount(number)), percent=percent, text=text.strip())


def _total(name: str) -> str:
    """Return the name of a quantity of whole networks that a budget can limit.

    Raises:
        ArgumentError: any other name; says what is allowed.
    """
    if name not in GATED:
        known = f"{name} is not one number of a whole network"
        hint = closest(name, GATED, f"there are {', '.join(GATED)}; times are compared by `archcost check --time`")
        raise ArgumentError(f"{known if name in METRICS else f'there is no quantity {name!r}'}; {hint}")
    return name


def _table(value: Any, place: str, example: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{place} must be a table, {example}, not {value!r}")
    return value


def _specificity(pattern: str) -> tuple[bool, int]:
    literal = re.sub(r"\[[^]]*\]|[*?]", "", pattern)
    return literal == pattern, len(literal)
