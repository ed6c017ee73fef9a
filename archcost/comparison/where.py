"""Choose networks by a condition: `top1 > 80 and macs < 1G`, `family == resnet or model ~ 'convnext*'`.

    condition = alternative ("or" alternative)*
    alternative = part ("and" part)*
    part = "not" part | "(" condition ")" | NAME (< | <= | > | >= | == | != | ~) VALUE

A value is a number (1G, 25.6M, 80) or a word, in quotes where it has other letters than those of names; `~` matches a
pattern. A network whose figure is unknown meets no condition on it.
"""

from __future__ import annotations

import operator
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from archcost.errors import ArgumentError, closest, quote
from archcost.units import parse_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Read = Callable[[str], Any]  # of a network's figure, by its name
    Condition = Callable[[Read], bool]

TOKEN = re.compile(r"\s*(?:([()])|(<=|>=|==|!=|<|>|~)|'([^']*)'|\"([^\"]*)\"|([^\s()<>=!~'\"]+))")
LONGEST = 500  # letters of a condition
DEEPEST = 50  # parentheses and "not" within each other
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class _Token(NamedTuple):
    kind: str  # "bracket", "operator", "text" (in quotes) or "word"
    text: str


def parse_condition(text: str, numbers: Collection[str], words: Collection[str]) -> Condition:
    """Return a test of whether a network meets a condition; `numbers` and `words` are the names of its figures.

    Raises:
        ArgumentError: the condition cannot be read, or a name does not exist.
    """
    return _Parser(text, numbers, words).parse()


class _Parser:
    def __init__(self, text: str, numbers: Collection[str], words: Collection[str]) -> None:
        self._text = text
        self._numbers = numbers
        self._words = words
        self._tokens = _split(text)
        self._depth = 0

    def parse(self) -> Condition:
        found = self._read_any()
        if self._tokens:
            raise self._refuse(f"{quote(self._tokens[0].text)} is not expected there")
        return found

    def _read_any(self) -> Condition:
        parts = [self._read_all()]
        while self._take("word", "or"):
            parts.append(self._read_all())
        return lambda read: any(part(read) for part in parts)

    def _read_all(self) -> Condition:
        parts = [self._read_part()]
        while self._take("word", "and"):
            parts.append(self._read_part())
        return lambda read: all(part(read) for part in parts)

    def _read_part(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refuse(f"it is nested more than {DEEPEST} deep")
        if self._take("word", "not"):
            denied = self._read_part()
            found: Condition = lambda read: not denied(read)  # noqa: E731
        elif self._take("bracket", "("):
            found = self._read_any()
            if not self._take("bracket", ")"):
                raise self._refuse("a closing parenthesis is missing")
        else:
            found = self._read_comparison()
        self._depth -= 1
        return found

    def _read_comparison(self) -> Condition:
        name, sign, value = (self._next(kind) for kind in (("word",), ("operator",), ("word", "text")))
        if name in self._numbers and sign in COMPARE:
            compare, limit = COMPARE[sign], self._read_limit(value)
            return lambda read: (figure := read(name)) is not None and compare(figure, limit)
        if name in self._words and sign in {"==", "!=", "~"}:
            wanted = value.lower()
            if sign == "~":
                return lambda read: fnmatchcase(str(read(name)).lower(), wanted)
            return lambda read: (str(read(name)).lower() == wanted) == (sign == "==")
        if name in self._numbers or name in self._words:
            allowed = "==, != or ~" if name in self._words else ", ".join(COMPARE)
            raise self._refuse(f"{name} can be compared by {allowed}")
        known = [*self._numbers, *self._words]
        raise self._refuse(f"there is no {quote(name)}; {closest(name, known, 'there are ' + ', '.join(known))}")

    def _read_limit(self, text: str) -> float:
        try:
            return float(parse_amount(text))
        except ArgumentError as error:
            raise self._refuse(str(error)) from None

    def _take(self, kind: str, text: str) -> bool:
        if self._tokens and self._tokens[0] == _Token(kind, text):
            del self._tokens[0]
            return True
        return False

    def _next(self, kinds: tuple[str, ...]) -> str:
        if not self._tokens:
            raise self._refuse("it ends too early; a comparison is NAME < VALUE")
        token = self._tokens.pop(0)
        if token.kind not in kinds:
            raise self._refuse(f"{quote(token.text)} is not expected there; a comparison is NAME < VALUE")
        return token.text

    def _refuse(self, what: str) -> ArgumentError:
        return ArgumentError(f"--where {quote(self._text)}: {what}")


def _split(text: str) -> list[_Token]:
    if len(text) > LONGEST:
        raise ArgumentError(f"--where: a condition has at most {LONGEST} letters; this one has {len(text)}")
    tokens, place = [], 0
    while text[place:].strip():
        found = TOKEN.match(text, place)
        if found is None:
            rest = quote(text[place:].strip()[:20])
            known = f"comparisons are {' '.join(COMPARE)} ~, a text stands in quotes"
            raise ArgumentError(f"--where {quote(text)}: {rest} cannot be read; {known}")
        bracket, sign, single, double, word = found.groups()
        quoted = single if single is not None else double
        if quoted is not None:
            tokens.append(_Token("text", quoted))
        else:
            tokens.append(_Token("bracket" if bracket else "operator" if sign else "word", bracket or sign or word))
        place = found.end()
    return tokens
