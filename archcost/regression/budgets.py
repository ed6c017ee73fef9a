"""Budgets: what a network's quantities may be, read from settings or conditions, and whether they are."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from archcost import units
from archcost.errors import ArgumentError, ConfigError, IncomparableError, closest
from archcost.metrics import METRICS, USUAL
from archcost.records import Allowance, Budget, Verdict
from archcost.regression.snapshot import TOTAL_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcost.records import Difference, Snapshot

KEYS = ("max", "max_increase", "max_decrease", "level")
LEVELS = ("error", "warn", "off")
GATED = tuple(name for name in TOTAL_METRICS if METRICS[name].unit != "px")
NOTHING_MORE = Allowance(amount=Fraction(0), percent=False, text="0")
DEFAULT = tuple(
    Budget(metric=name, max_increase=NOTHING_MORE, where="no budget is set") for name in METRICS if name in USUAL
)
TIME = "time"  # no quantity of a network: it is measured, beside the base in the same job, by `archcost check --time`
TIME_KEYS = ("max_increase", "level")
USUAL_TIME = Budget(
    metric=TIME,
    max_increase=Allowance(amount=Fraction(2), percent=True, text="2%"),
    level="warn",
    where="no budget is set",
)
CONDITION = re.compile(r"\s*(?P<metric>\w*)\s*(?P<sign><=|>=|<|>)\s*(?P<limit>[+-]?[^<>=+-]+)")


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a project: for each pattern of names, what it says of each quantity, key by key."""

    patterns: Mapping[str, Mapping[str, Mapping[str, Any]]]
    heading: str = "budgets"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every quantity of a network that any budget names."""
        return tuple(dict.fromkeys(name for rules in self.patterns.values() for name in rules if name != TIME))

    def of(self, network: str) -> tuple[Budget, ...]:
        """Return the budgets of one network; where no pattern fits, that the usual quantities may not grow.

        Of several patterns that say something of the same key, the one with the most characters that are not
        wildcards wins; a plain name wins over every pattern.
        """
        found = self._of(network)
        return DEFAULT if found is None else tuple(budget for name, budget in found.items() if name != TIME)

    def time_of(self, network: str) -> Budget:
        """Return by how much slower one network may become; 2 % with a warning, where no pattern says anything."""
        return (self._of(network) or {}).get(TIME, USUAL_TIME)

    def _of(self, network: str) -> dict[str, Budget] | None:
        """Return the budget of each quantity, None where no pattern fits."""
        fitting = sorted((text for text in self.patterns if fnmatchcase(network, text)), key=_specificity)
        found: dict[str, Budget] = {}
        for text in fitting:
            for name, rule in self.patterns[text].items():
                where = f'{self.heading}."{text}".{name}'
                before = found.get(name, USUAL_TIME if name == TIME else Budget(metric=name))
                found[name] = replace(before, **rule, where=where)
        return found if fitting else None


def parse_budgets(table: Mapping[str, Any], file: str = "pyproject.toml", heading: str = "budgets") -> Budgets:
    """Read the tables under `[tool.archcost.budgets]`.

    Raises:
        ConfigError: a quantity, key or value that means nothing, with its place and what is allowed.
    """
    read: dict[str, dict[str, dict[str, Any]]] = {}
    for pattern, rules in table.items():
        place = f'{file}: {heading}."{pattern}"'
        read[pattern] = {
            name: _rule(name, rule, f"{place}.{name}")
            for name, rule in _table(rules, place, "QUANTITY = {...}").items()
        }
    return Budgets(read, heading)


def parse_condition(text: str) -> Budget:
    """Read a condition that fails a check: "macs>+2%", "params>25.6M", "macs<-1%" (it shrank by more).

    Raises:
        ArgumentError: anything else, or a quantity that a network does not have.
    """
    found = CONDITION.fullmatch(text)
    if found is None or not found["metric"]:
        raise ArgumentError(f"--fail-if {text!r} does not parse; write 'macs>+2%', 'params>25.6M' or 'macs<-1%'")
    try:
        budget = _limit(_total(found["metric"]), found["sign"], found["limit"])
    except ArgumentError as error:
        raise ArgumentError(f"--fail-if {text!r}: {error}") from error
    return replace(budget, where=f"--fail-if '{text}'")


def requirement(name: str, text: str) -> Budget:
    """Read what a quantity has to be: "<4.2G", "<=25.6M", "<=+2%" (of what it was).

    Raises:
        ArgumentError: anything else, or a quantity that a network does not have.
    """
    found = CONDITION.fullmatch(text)
    opposite = {"<": ">=", "<=": ">"}
    if found is None or found["metric"] or found["sign"] not in opposite:
        raise ArgumentError(f"{name}={text!r} does not parse; write '<4.2G', '<=25.6M' or '<=+2%'")
    return replace(_limit(_total(name), opposite[found["sign"]], found["limit"]), where=f"{name}{text}")


def judge(difference: Difference, budgets: Sequence[Budget]) -> tuple[Verdict, ...]:
    """Say of every limit whether a network keeps it. What has no baseline is judged by its maximum alone.

    Raises:
        ConfigError: a budget of a quantity that was not counted.
        IncomparableError: a budget beside a baseline that does not know the quantity.
    """
    return tuple(verdict for budget in budgets if budget.level != "off" for verdict in _verdicts(difference, budget))


def _verdicts(difference: Difference, budget: Budget) -> Iterator[Verdict]:
    before, after = difference.totals(budget.metric)
    if after is None:
        raise ConfigError(f"{budget.where}: {difference.network.spec} {_lack(difference.network, budget.metric)}")
    if budget.needs_baseline and not difference.knows(budget.metric):
        if budget in DEFAULT:  # nobody asked for it, and the baseline is older than the quantity
            return
        raise IncomparableError(f"no baseline: it has no {budget.metric} of {difference.network.spec!r}; count it anew")
    unit = METRICS[budget.metric].unit
    limits: list[tuple[Literal["max", "max_increase", "max_decrease"], str, bool]] = []
    if budget.max is not None:
        limits.append(("max", f"at most {_beside(budget.max, after, unit)}", after <= budget.max))
    if before is not None and budget.max_increase is not None:
        kept = budget.max_increase.allows(after - before, before)
        limits.append(("max_increase", f"at most +{budget.max_increase.text}", kept))
    if before is not None and budget.max_decrease is not None:
        kept = budget.max_decrease.allows(before - after, before)
        limits.append(("max_decrease", f"at most -{budget.max_decrease.text}", kept))
    for kind, limit, kept in limits:
        yield Verdict(
            metric=budget.metric,
            kind=kind,
            limit=limit,
            before=before,
            after=after,
            outcome="passed" if kept else "exceeded",
            level=budget.level,
            where=budget.where,
        )


def _lack(network: Snapshot, metric: str) -> str:
    """Say why a quantity of a network is not known."""
    if "saved_bytes" in network.totals:
        return f"was walked with a training step, or by an archcost that did not count {metric}"
    return (
        f"was walked without what {metric} needs; it needs a training step: "
        'train = "sgd" among the settings of the network'
    )


def _beside(limit: int, value: int, unit: str) -> str:
    """Format a limit: with all of its digits, where a value on its other side would look the same."""
    short = units.short(limit, unit)
    return short if value <= limit or units.short(value, unit) != short else f"{units.exact(limit)} {unit}".rstrip()


def _limit(name: str, sign: str, text: str) -> Budget:
    """Return the budget that is exceeded where a quantity is `sign` than a limit."""
    if text[0] in "+-":
        kind = {("+", ">"): "max_increase", ("-", "<"): "max_decrease"}.get((text[0], sign))
        if kind is None:
            raise ArgumentError("a change is compared as '>+2%' (it grew by more) or '<-2%' (it shrank by more)")
        return Budget(metric=name, **{kind: _allowance(text[1:])})  # type: ignore[arg-type]
    if sign.startswith("<"):
        raise ArgumentError("less is no failure; a change downwards is written '<-2%'")
    amount = units.parse_amount(text)
    return Budget(metric=name, max=math.floor(amount) if sign == ">" else math.ceil(amount) - 1)


def _rule(name: str, rule: Any, place: str) -> dict[str, Any]:
    keys, example = (TIME_KEYS, '{ max_increase = "5%" }') if name == TIME else (KEYS, '{ max = "4.2G" }')
    try:
        if name != TIME:
            _total(name)
    except ArgumentError as error:
        raise ConfigError(f"{place}: {error}") from error
    found = {key: _setting(key, value, f"{place}.{key}", keys) for key, value in _table(rule, place, example).items()}
    if name == TIME and "max_increase" in found and not found["max_increase"].percent:
        raise ConfigError(f'{place}.max_increase must be in per cent, such as "5%": times differ between machines')
    return found


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
        raise ArgumentError(f"{text!r} is no change; write 2%, 0.5%, 10M or 0")
    return Allowance(amount=Fraction(units.parse_amount(number)), percent=percent, text=text.strip())


def _total(name: str) -> str:
    """Return the name of a quantity that a whole network has and that can be gated.

    Raises:
        ArgumentError: with what is allowed.
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
