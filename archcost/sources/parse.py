"""parse_spec(text) -> Spec: the grammar of a network's name, SOURCE[@SIZE][?key=value&key=value][::MODULE]."""

from __future__ import annotations

import re

from archcost.errors import ArgumentError, quote
from archcost.sources.spec import Spec
from archcost.sources.table import describe_forms, find_source

LONGEST_SPEC = 4096  # as long as a path may be


def parse_spec(text: str) -> Spec:
    """Take a network's name apart.

    Raises:
        ArgumentError: arguments that are not key=value, or a size that is not a number.

    Example:
        >>> parse_spec("timm:resnet50?num_classes=10").arguments
        {'num_classes': 10}
    """
    if len(text) > LONGEST_SPEC or not _is_writable(text):
        problem = (
            f"has {len(text):,} characters" if len(text) > LONGEST_SPEC else "has characters that no file can hold"
        )
        raise ArgumentError(f"{quote(text)} names no network: it {problem}; write {describe_forms()}")
    whole, apart, module = text.partition("::")
    if apart and not module:
        raise ArgumentError(f"{quote(text)} names no module after ::; write NET::layer1.0, or {whole} for all of it")
    body, _, query = whole.partition("?")
    arguments = dict(_parse_argument(item, text) for item in query.split("&") if item)
    body, size = _split_size(body, text)
    source, _, target = body.rpartition(":")
    if not target:
        raise ArgumentError(f"{quote(text)} names no network; write {describe_forms()}")
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
        module=module,
    )


def _is_writable(text: str) -> bool:
    """Whether a text is one that a file can hold, and that can name one: no NUL, no half of a surrogate pair."""
    return "\0" not in text and text == text.encode(errors="ignore").decode()


def _split_size(body: str, text: str) -> tuple[str, tuple[int, int] | None]:
    name, at, size = body.rpartition("@")
    if not at:
        return body, None
    match = re.fullmatch(r"(\d{1,9})(?:x(\d{1,9}))?", size)
    if not match or int(match[1]) < 1:
        raise ArgumentError(f"{quote(text)}: the size after @ is a number of pixels, as in vgg16@192 or vgg16@192x256")
    return name, (int(match[1]), int(match[2] or match[1]))


def _parse_argument(item: str, text: str) -> tuple[str, object]:
    key, equals, value = item.partition("=")
    if not equals or not key.isidentifier():
        raise ArgumentError(
            f"{quote(text)}: {quote(item)} is not key=value; arguments are written ?num_classes=10&width=0.5"
        )
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
