"""parse_spec(text) -> Spec: the grammar of a network's name, SOURCE[@SIZE][?key=value&key=value]."""

from __future__ import annotations

import re

from archcost.errors import ArgumentError
from archcost.sources.spec import Spec
from archcost.sources.table import describe_forms, find_source


def parse_spec(text: str) -> Spec:
    """Take a network's name apart.

    Raises:
        ArgumentError: arguments that are not key=value, or a size that is not a number.

    Example:
        >>> parse_spec("timm:resnet50?num_classes=10").arguments
        {'num_classes': 10}
    """
    body, _, query = text.partition("?")
    arguments = dict(_parse_argument(item, text) for item in query.split("&") if item)
    body, size = _split_size(body, text)
    source, _, target = body.rpartition(":")
    if not target:
        raise ArgumentError(f"{text!r} names no network; write {describe_forms()}")
    found = find_source(source, target)
    return Spec(
        text=text,
        kind=found.name,
        source=source,
        target=target,
        arguments=arguments,
        size=size,
        local=found.local,
        file=found.file_in(source, target),
    )


def _split_size(body: str, text: str) -> tuple[str, tuple[int, int] | None]:
    name, at, size = body.rpartition("@")
    if not at:
        return body, None
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", size)
    if not match or int(match[1]) < 1:
        raise ArgumentError(f"{text!r}: the size after @ is a number of pixels, as in vgg16@192 or vgg16@192x256")
    return name, (int(match[1]), int(match[2] or match[1]))


def _parse_argument(item: str, text: str) -> tuple[str, object]:
    key, equals, value = item.partition("=")
    if not equals or not key.isidentifier():
        raise ArgumentError(f"{text!r}: {item!r} is not key=value; arguments are written ?num_classes=10&width=0.5")
    return key, _parse_literal(value)


def _parse_literal(value: str) -> object:
    words = {"true": True, "false": False, "none": None, "null": None}
    if value.lower() in words:
        return words[value.lower()]
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    return value
