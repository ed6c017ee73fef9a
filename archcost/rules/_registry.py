"""One table of rules, filled by two functions: `rule` counts an operator, `free` says why it costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias, TypedDict, get_args

from archcost.errors import RuleError
from archcost.records import OpCall, Role
from archcost.rules.work import Sight, Unknown, Work

Count: TypeAlias = Callable[[OpCall], Work]
Sees: TypeAlias = Callable[[OpCall], Sight]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The counting rule of an operator, and its role; `why` is the reason of an operator that costs nothing.

    `sees` is the `Sight` of every call, or a function of the call that returns it; `sight` names its kind, "Sight"
    where that depends on the call.
    """

    count: Count
    sees: Sees | Sight
    origin: str
    sight: str
    role: Role = "other"
    why: str | None = None


NOTHING = Work(layers=0)
_rules: dict[str, Rule] = {}
RULES: Mapping[str, Rule] = MappingProxyType(_rules)


def operator_name(name: str) -> str:
    """Return the name under which an operator is recorded: "aten::add.Tensor" and "aten.add" are "aten.add"."""
    namespace, _, rest = name.replace("::", ".").partition(".")
    if not rest:
        raise RuleError(f"an operator is named with its library, as in 'mylib::myop', not {name!r}")
    return f"{namespace}.{rest.partition('.')[0]}"


def rule(
    *operators: str,
    role: Role = "other",
    sees: Sees | Sight = Unknown(),  # noqa: B008 - frozen
) -> Callable[[Count], Count]:
    """Declare the decorated function to be the rule of some operators.

    The function takes the recorded call (shapes, dtypes, arguments by their schema's names; never a tensor) and
    returns its `Work`. The in-place form of an operator (`aten.relu_`) follows the rule of the plain one.

    Args:
        operators: names such as "aten.convolution" or "mylib::myop"; overloads share a rule.
        role: what a row that runs them is: "convolution", "linear", "attention", "normalisation", "activation",
            "pooling", "recurrent", "embedding", "elementwise", "movement" or "other".
        sees: what one element of the output looks at, or a function of the call that tells.

    Raises:
        RuleError: an operator that has a rule already, or an unknown role.

    Example:
        >>> import archcost
        >>> @archcost.rule("mylib::scaled_product")
        ... def scaled_product(call):
        ...     return archcost.Work(macs=call.inputs[0].elements)
    """

    def declare(count: Count) -> Count:
        for operator in operators:
            _add(operator, Rule(count=count, origin=count.__qualname__, role=role, **_read_sight(sees)))
        return count

    return declare


def free(
    *operators: str,
    why: str,
    role: Role = "movement",
    sees: Sees | Sight = Unknown(),  # noqa: B008 - frozen
) -> None:
    """Declare operators that do no arithmetic, with the reason.

    Raises:
        RuleError: an operator that has a rule already, or an unknown role.
    """
    for operator in operators:
        _add(operator, Rule(count=_nothing, origin="free", role=role, why=why, **_read_sight(sees)))


def find(operator: str, more: Mapping[str, Rule] = MappingProxyType({})) -> Rule | None:
    """Return the rule of an operator, or None; an in-place operator follows the plain one."""
    for name in (operator, operator.removesuffix("_")):
        found = _rules.get(name) or more.get(name)
        if found is not None:
            return found
    return None


def _add(operator: str, new: Rule) -> None:
    name = operator_name(operator)
    if new.role not in get_args(Role):
        raise RuleError(f"{name} cannot have the role {new.role!r}; the roles are {', '.join(get_args(Role))}")
    if name in _rules:
        raise RuleError(f"{name} has a rule already ({_rules[name].origin}); {new.origin} cannot be a second one")
    _rules[name] = new


class _Seeing(TypedDict):
    sees: Sees | Sight
    sight: str


def _read_sight(sees: Sees | Sight) -> _Seeing:
    if isinstance(sees, Sight):
        return {"sees": sees, "sight": type(sees).__name__}
    annotation = getattr(sees, "__annotations__", {}).get("return", Sight)
    return {"sees": sees, "sight": annotation if isinstance(annotation, str) else annotation.__name__}


def _nothing(_call: OpCall) -> Work:
    return NOTHING
