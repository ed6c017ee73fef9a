"""Values in a network's arguments and in --input: 10, 0.5, true, none, [16,32], {a:1}, text."""

from __future__ import annotations

from ast import literal_eval
from contextlib import suppress
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = {"true": True, "false": False, "none": None, "null": None}
BRACKETS = {"[": "]", "(": ")", "{": "}"}
QUOTES = "'\""
DEEPEST = 20  # lists within lists


def parse_literal(text: str, depth: int = 0) -> object:
    """Return the value of a text; letters need no quotes, even within brackets.

    Raises:
        ArgumentError: a bracket or quote is not closed.

    Example:
        >>> parse_literal("[16,32,{kernel:3,mode:same}]")
        [16, 32, {'kernel': 3, 'mode': 'same'}]
    """
    text = text.strip()
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    first, last = text[:1], text[-1:]
    if first not in BRACKETS:
        return _unquote(text) if first and first in QUOTES else text
    if last != BRACKETS[first] or depth > DEEPEST:
        raise ArgumentError(f"{quote(text)} begins with {first} and does not end with {BRACKETS[first]}")
    items = list(split_outside(text[1:-1], ","))
    if first == "{":
        pairs = [tuple(split_outside(item, ":")) for item in items]
        wrong = [item for item, pair in zip(items, pairs, strict=True) if len(pair) != 2]  # noqa: PLR2004 - key, value
        if wrong:
            raise ArgumentError(f"{quote(text)}: {quote(wrong[0])} is not key:value")
        return {parse_literal(key, depth + 1): parse_literal(value, depth + 1) for key, value in pairs}
    values = [parse_literal(item, depth + 1) for item in items]
    return values if first == "[" else tuple(values)


def split_outside(text: str, mark: str) -> Iterator[str]:
    """Yield the parts of a text between the marks outside brackets and quotes.

    Raises:
        ArgumentError: a bracket or quote is not closed, or a bracket closes nothing.
    """
    begun, open_until = 0, ""
    for place, letter in enumerate(text):
        if open_until and letter == open_until[-1]:
            open_until = open_until[:-1]
        elif open_until[-1:] and open_until[-1:] in QUOTES:
            continue
        elif letter in BRACKETS:
            open_until += BRACKETS[letter]
        elif letter in QUOTES:
            open_until += letter
        elif letter in BRACKETS.values():
            raise ArgumentError(f"{quote(text)}: a {letter} closes nothing")
        elif letter == mark and not open_until:
            yield text[begun:place]
            begun = place + 1
    if open_until:
        raise ArgumentError(f"{quote(text)}: a {open_until[-1]} is missing")
    if text[begun:].strip():
        yield text[begun:]


def _unquote(text: str) -> object:
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        raise ArgumentError(f"{quote(text)} begins with a quotation mark and does not end with one") from None
