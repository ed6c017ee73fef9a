"""The grammar of a network's name: SOURCE[@SIZE][?key=value&key=value]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["zoo", "timm", "torchvision", "file", "module"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A network's name, taken apart.

    `source` is what comes before the colon (a file, a package, "timm", "torchvision"; "" for the zoo), `target` what
    comes after. `size` is the height and width after an @.
    """

    text: str
    kind: Kind
    source: str
    target: str
    arguments: Mapping[str, object]
    size: tuple[int, int] | None = None

    @property
    def file(self):
        return self.source if self.kind == "file" else ""


def parse_spec(text: str) -> Spec:
    """Take a network's name apart.

    Raises:
        ArgumentError: arguments that are not key=value, or a size that is not a number.

    Example:
        >>> parse_spec("timm:resnet50?num_classes=10").arguments
        {'num_classes': 10}
    """
    body, _, query = text.partition("?")
    arguments = dict(_argument(item, text) for item in query.split("&") if item)
    body, size = _size(body, text)
    source, colon, target = body.rpartition(":")
    kind: Kind
    if not colon:
        kind = "zoo"
    elif source in {"timm", "torchvision"}:
        kind = "timm" if source == "timm" else "torchvision"
    else:
        kind = "file" if source.endswith(".py") else "module"
    if not target:
        raise ArgumentError(f"{text!r} names no network; write NAME, FILE.py:CALLABLE, or PACKAGE.MODULE:CALLABLE")
    return Spec(text=text, kind=kind, source=source, target=target, arguments=arguments, size=size)


def _size(body: str, text: str) -> tuple[str, tuple[int, int] | None]:
    name, at, size = body.rpartition("@")
    if not at:
        return body, None
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", size)
    if not match or int(match[1]) < 1:
        raise ArgumentError(f"{text!r}: the size after @ is a number of pixels, as in vgg16@192 or vgg16@192x256")
    return name, (int(match[1]), int(match[2] or match[1]))


def _argument(item: str, text: str) -> tuple[str, object]:
    key, equals, value = item.partition("=")
    if not equals or not key.isidentifier():
        raise ArgumentError(f"{text!r}: {item!r} is not key=value; arguments are written ?num_classes=10&width=0.5")
    return key, _literal(value)


def _literal(value: str) -> object:
    words = {"true": True, "false": False, "none": None, "null": None}
    if value.lower() in words:
        return words[value.lower()]
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    return value
