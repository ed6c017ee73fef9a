"""Strict reading of records from JSON: unknown keys and values of a wrong type are errors.

A key may be missing if its field is None by default, because older reports lack newer quantities. The text may come
from anyone: `CHARACTERS`, `VALUES` and `DIGITS` bound the cost of reading it.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import reprlib
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, Union, cast

from archcost.errors import ArgumentError, ReportError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

T = TypeVar("T")
Reader: TypeAlias = Callable[[Any], Any]
CHARACTERS = 2**25  # some 45,000 layers
VALUES = 3 * 10**6
DIGITS = 40
DEPTH = 16  # the context of an error about too deep nesting
TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]')  # possessive, because backtracking would remember every character


def file_text(path: Path) -> str:
    """Return the text of a file, up to the largest size that archcost reads.

    Raises:
        OSError: the file does not exist or cannot be read.
        ReportError: the file is not text.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise ReportError("it is not UTF-8") from error


def read_document(kind: type[T], text: str, schema: str, where: str) -> T:
    """Build a record from the JSON of a possibly hostile document with a schema key.

    Raises:
        ReportError: the text is not JSON, too large, of another schema, or has a missing, unknown or wrong key; names
            the place.
    """
    data = parse(text)
    found = data.pop("schema", None) if isinstance(data, dict) else data
    if found != schema or not isinstance(data, dict):
        raise ReportError(f"it must be of schema {schema!r}, not {reprlib.repr(found)}")
    return read(kind, data, where)


def check_size(text: str) -> None:
    """Refuse a text above the size that archcost reads.

    Raises:
        ReportError: the text is too large; names its size.
    """
    if len(text) > CHARACTERS:
        raise ReportError(f"it has {len(text):,} characters, and at most {CHARACTERS:,} are read")
    values = sum(map(text.count, ",[{"))
    if values > VALUES:
        raise ReportError(f"it has some {values:,} values, and at most {VALUES:,} are read")


def parse(text: str) -> Any:
    """Parse possibly hostile JSON.

    Raises:
        ReportError: the text is too large, not JSON, or nested too deeply; names the place.
    """
    check_size(text)
    try:
        return json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise ReportError(f"it is not JSON: {error}") from error
    except RecursionError as error:
        raise ReportError(_too_deep(text)) from error


def _integer(digits: str) -> float:
    """Read an integer; with too many digits it becomes infinite, which no field allows."""
    return int(digits) if len(digits) <= DIGITS else math.inf


def _too_deep(text: str) -> str:
    """Find the place at which a text nests too deeply."""
    depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > DEPTH:
            line = text.count("\n", 0, token.start()) + 1
            column = token.start() - text.rfind("\n", 0, token.start())
            return f"it nests deeper than any at line {line} column {column} (char {token.start()})"
    raise AssertionError("JSON nests by brackets alone")


def read(kind: type[T], data: Any, where: str) -> T:
    """Build a record (a dataclass or a named tuple) from parsed JSON, key by key.

    Raises:
        ReportError: a value is wrong; names the place, the value and the allowed type.
    """
    try:
        return cast("T", _reader(cast("Hashable", kind))(data))
    except _WrongError as wrong:
        raise ReportError(f"{where + wrong.place:.200} {wrong}") from None


class _WrongError(Exception):
    """A wrong value. Its place is assembled while the exception propagates, because most values are right."""

    place = ""

    def within(self, place: str) -> _WrongError:
        self.place = place + self.place
        return self


@cache
def _reader(hint: Any) -> Reader:
    """Return the function that reads values of a type."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Union, types.UnionType}:
        return _choice(parts)
    if origin is tuple:
        return _list(parts)
    if origin in {dict, Mapping}:
        return _object(parts[1])
    return _record(hint) if dataclasses.is_dataclass(hint) or hasattr(hint, "_fields") else _plain(hint)


def _record(kind: Any) -> Reader:
    hints = typing.get_type_hints(kind)
    readers = {name: _reader(hint) for name, hint in hints.items()}
    needed = hints.keys() - _newer(kind)

    def read_record(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _WrongError(f"must be an object, not {type(data).__name__}")
        unknown, missing = sorted(data.keys() - readers.keys()), sorted(needed - data.keys())
        if unknown or missing:
            problem = f"has no key {missing[0]!r}" if missing else f"has an unknown key {unknown[0]!r}"
            raise _WrongError(f"{problem:.200}; its keys are {', '.join(sorted(readers))}")
        values = {}
        for name, reader in readers.items():
            try:
                values[name] = reader(data.get(name))
            except _WrongError as wrong:
                raise wrong.within(f".{name}") from None
        try:
            return kind(**values)
        except ArgumentError as error:  # the record checks itself
            raise _WrongError(f"cannot be: {error!s:.300}") from None

    return read_record


def _newer(kind: Any) -> set[str]:
    """Return the optional keys, whose fields are None by default."""
    if dataclasses.is_dataclass(kind):
        return {field.name for field in dataclasses.fields(kind) if field.default is None}
    return {name for name, default in kind._field_defaults.items() if default is None}


def _list(parts: tuple[Any, ...]) -> Reader:
    """Read a list: tuple[int, ...], or tuple[str, *tuple[int, ...]] with one type for each of the first items."""
    *first, rest = (parts[0],) if parts[-1] is Ellipsis else (*parts[:-1], _unpack_hint(parts[-1]))
    readers, reader_of_rest = [_reader(hint) for hint in first], _reader(rest)

    def read_list(value: Any) -> Any:
        if not isinstance(value, list):
            raise _WrongError(_problem(value, "list"))
        if len(value) < len(readers):
            raise _WrongError(f"must have at least {len(readers)} items, not {len(value)}")
        items: list[Any] = []
        try:
            for reader, item in zip(chain(readers, repeat(reader_of_rest)), value):  # noqa: B905 - the rest has no end
                items.append(reader(item))
        except _WrongError as wrong:
            raise wrong.within(f"[{len(items)}]") from None
        return tuple(items)

    return read_list


def _unpack_hint(hint: Any) -> Any:
    return typing.get_args(typing.get_args(hint)[0])[0]


def _object(hint: Any) -> Reader:
    reader = _reader(hint)

    def read_object(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _WrongError(_problem(value, "dict"))
        found = {}
        for key, item in value.items():
            name = _text(key)
            try:
                found[name] = reader(item)
            except _WrongError as wrong:
                raise wrong.within(f".{key}") from None
        return found

    return read_object


def _choice(options: tuple[Any, ...]) -> Reader:
    """Read a union: None, or several types that JSON can tell apart."""
    optional, options = type(None) in options, tuple(option for option in options if option is not type(None))
    only = _reader(options[0]) if len(options) == 1 else None

    def read_choice(value: Any) -> Any:
        if value is None and optional:
            return None
        if only is not None:
            return only(value)
        for option in options:
            if _fits(option, value):
                return _reader(option)(value)
        raise _WrongError(_problem(value, " or ".join(map(_name, options))))

    return read_choice


def _plain(hint: Any) -> Reader:
    """Read a number, a boolean, or one of several literals."""
    if hint is str:
        return _text
    name = _name(hint)

    def read_plain(value: Any) -> Any:
        if (type(value) is int is hint and value >= 0) or _fits(hint, value):  # most values are counts
            return value
        raise _WrongError(_problem(value, name))

    return read_plain


def _text(value: Any) -> Any:
    """Read a string; refuse one that cannot be written to a file."""
    if not isinstance(value, str):
        raise _WrongError(_problem(value, "str"))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _WrongError(f"has half of a surrogate pair: {reprlib.repr(value)}") from None
    return value


def _fits(hint: Any, value: Any) -> bool:
    """Whether a JSON value has a type, regardless of its contents; every integer is a count."""
    kind, origin = type(value), typing.get_origin(hint)
    if kind is int and value < 0:
        return False
    if hint is float:
        return kind is int or (kind is float and math.isfinite(value))
    if origin is Literal:
        return kind is not bool and value in typing.get_args(hint)
    return kind is {tuple: list, dict: dict, Mapping: dict}.get(origin, hint)


def _problem(value: Any, name: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number of at most {DIGITS} digits, not {value}"
    if isinstance(value, int) and value < 0:
        return f"must be at least 0, not {value}"
    return f"must be of type {name}, not {reprlib.repr(value)}"


def _name(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin is Literal:
        return " or ".join(map(repr, typing.get_args(hint)))
    return {tuple: "list", dict: "dict", Mapping: "dict"}.get(origin) or str(hint.__name__)
