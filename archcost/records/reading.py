"""Records from JSON, strictly: every key must be there, none may be unknown, every value must be of its type.

The text may come from anyone: what reading it costs is bounded by its `CHARACTERS`, `VALUES` and `DIGITS`.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import reprlib
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast

from archcost.errors import ArgumentError, ReportError

T = TypeVar("T")
CHARACTERS = 2**25  # some 45,000 layers
VALUES = 3 * 10**6
DIGITS = 40
DEPTH = 16  # where a text that nests too deeply is said to do so
TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]')  # possessive: going back would remember every character


def parse(text: str) -> Any:
    """Parse JSON that may be hostile.

    Raises:
        ReportError: larger than any report, not JSON, or nested without end; with the place.
    """
    if len(text) > CHARACTERS:
        raise ReportError(f"it has {len(text):,} characters, and at most {CHARACTERS:,} are read")
    values = sum(map(text.count, ",[{"))
    if values > VALUES:
        raise ReportError(f"it has some {values:,} values, and at most {VALUES:,} are read")
    try:
        return json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise ReportError(f"it is no JSON: {error}") from error
    except RecursionError as error:
        raise ReportError(_too_deep(text)) from error


def _integer(digits: str) -> float:
    """Read a whole number; one with too many digits is infinite, which is allowed nowhere."""
    return int(digits) if len(digits) <= DIGITS else math.inf


def _too_deep(text: str) -> str:
    """Say where a text nests deeper than any report."""
    depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > DEPTH:
            line = text.count("\n", 0, token.start()) + 1
            column = token.start() - text.rfind("\n", 0, token.start())
            return f"it nests deeper than any at line {line} column {column} (char {token.start()})"
    raise AssertionError("what json nests is bracketed")


def read(kind: type[T], data: Any, where: str) -> T:
    """Build a record, a dataclass or a named tuple, from what `json` read, key by key.

    Raises:
        ReportError: naming the place, what is there, and what has to be.
    """
    if not isinstance(data, dict):
        raise ReportError(f"{where} must be an object, not {type(data).__name__}")
    hints = _hints(cast("type", kind))
    unknown, missing = sorted(data.keys() - hints.keys()), sorted(hints.keys() - data.keys())
    if unknown or missing:
        problem = f"has no key {missing[0]!r}" if missing else f"has an unknown key {unknown[0]!r}"
        raise ReportError(f"{where:.200} {problem:.200}; its keys are {', '.join(sorted(hints))}")
    values = {name: _value(hint, data[name], f"{where}.{name}") for name, hint in hints.items()}
    try:
        return kind(**values)
    except ArgumentError as error:  # a record that checks itself
        raise ReportError(f"{where:.200}: {error!s:.300}") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _is_record(option: Any) -> bool:
    return dataclasses.is_dataclass(option) or hasattr(option, "_fields")


def _value(hint: Any, value: Any, where: str) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in {Union, types.UnionType} else (hint,)
    if value is None and type(None) in options:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        raise ReportError(f"{where:.200} must be a finite number of at most {DIGITS} digits, not {value}")
    if isinstance(value, int) and value < 0:  # every whole number of a record counts something
        raise ReportError(f"{where:.200} must be at least 0, not {value}")
    options = tuple(option for option in options if option is not type(None)) or options
    if len(options) == 1 and _is_record(options[0]):
        return read(cast("type", options[0]), value, where)
    for option in options:
        if _fits(option, value):
            return _converted(option, value, where)
    names = " or ".join(_name(option) for option in options)
    raise ReportError(f"{where:.200} must be of type {names}, not {reprlib.repr(value)}")


def _fits(option: Any, value: Any) -> bool:
    """Whether a JSON value is of a type, apart from what it contains."""
    origin = typing.get_origin(option)
    if origin is Literal:
        return value in typing.get_args(option) and not isinstance(value, bool)
    if origin is tuple:
        return isinstance(value, list)
    if _is_record(option) or origin in {dict, Mapping}:
        return isinstance(value, dict)
    if isinstance(value, bool) or option is bool:
        return option is bool and isinstance(value, bool)
    return isinstance(value, (int, float) if option is float else option)


def _converted(option: Any, value: Any, where: str) -> Any:
    origin, parts = typing.get_origin(option), typing.get_args(option)
    if origin is tuple:
        return tuple(_value(parts[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin in {dict, Mapping}:
        return {_text(key, where): _value(parts[1], item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, str):
        return _text(value, where)
    return read(cast("type", option), value, where) if _is_record(option) else value


def _text(value: str, where: str) -> str:
    """Refuse a text that no file could hold again."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ReportError(f"{where:.200} has half of a surrogate pair: {reprlib.repr(value)}") from error
    return value


def _name(option: Any) -> str:
    origin = typing.get_origin(option)
    if origin is Literal:
        return " or ".join(map(repr, typing.get_args(option)))
    if origin is tuple:
        return "list"
    return "dict" if origin in {dict, Mapping} or _is_record(option) else str(option.__name__)
