"""Records from JSON, strictly: every key must be there, none may be unknown, every value must be of its type."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast

from archcost.errors import ReportError

T = TypeVar("T")


def read(kind: type[T], data: Any, where: str) -> T:
    """Build a dataclass from what `json` read, key by key.

    Raises:
        ReportError: naming the place, what is there, and what has to be.
    """
    if not isinstance(data, dict):
        raise ReportError(f"{where} must be an object, not {type(data).__name__}")
    hints = _hints(cast("Any", kind))
    unknown, missing = sorted(data.keys() - hints.keys()), sorted(hints.keys() - data.keys())
    if unknown or missing:
        problem = f"has no key {missing[0]!r}" if missing else f"has an unknown key {unknown[0]!r}"
        raise ReportError(f"{where} {problem}; its keys are {', '.join(sorted(hints))}")
    return kind(**{name: _value(hint, data[name], f"{where}.{name}") for name, hint in hints.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _value(hint: Any, value: Any, where: str) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in {Union, types.UnionType} else (hint,)
    if value is None and type(None) in options:
        return None
    options = tuple(option for option in options if option is not type(None)) or options
    if len(options) == 1 and dataclasses.is_dataclass(options[0]):
        return read(cast("type", options[0]), value, where)
    for option in options:
        if _fits(option, value):
            return _converted(option, value, where)
    names = " or ".join(_name(option) for option in options)
    raise ReportError(f"{where} must be of type {names}, not {value!r:.80}")


def _fits(option: Any, value: Any) -> bool:
    """Whether a JSON value is of a type, apart from what it contains."""
    origin = typing.get_origin(option)
    if origin is Literal:
        return value in typing.get_args(option) and not isinstance(value, bool)
    if origin is tuple:
        return isinstance(value, list)
    if dataclasses.is_dataclass(option) or origin in {dict, Mapping}:
        return isinstance(value, dict)
    if isinstance(value, bool) or option is bool:
        return option is bool and isinstance(value, bool)
    return isinstance(value, (int, float) if option is float else option)


def _converted(option: Any, value: Any, where: str) -> Any:
    origin, parts = typing.get_origin(option), typing.get_args(option)
    if origin is tuple:
        return tuple(_value(parts[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin in {dict, Mapping}:
        return {key: _value(parts[1], item, f"{where}.{key}") for key, item in value.items()}
    return read(cast("type", option), value, where) if dataclasses.is_dataclass(option) else value


def _name(option: Any) -> str:
    origin = typing.get_origin(option)
    if origin is Literal:
        return " or ".join(map(repr, typing.get_args(option)))
    if origin is tuple:
        return "list"
    return "dict" if origin in {dict, Mapping} or dataclasses.is_dataclass(option) else str(option.__name__)
