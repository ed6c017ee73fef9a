"""parse_spec(text) -> Spec: the grammar of a name, SOURCE[@SIZE or @seqTOKENS][?key=value&key=value][::MODULE]."""

from __future__ import annotations

import re

from archcost.errors import ArgumentError, quote
from archcost.sources.literals import parse_literal
from archcost.sources.spec import Spec
from archcost.sources.table import describe_forms, find_source

LONGEST_SPEC = 4096  # the longest path of Linux


def parse_spec(text: str) -> Spec:
    """Parse a network's name.

    Raises:
        ArgumentError: an argument is not key=value, or the size is not a number.

    Example:
        >>> parse_spec("timm:resnet50?num_classes=10").arguments
        {'num_classes': 10}
    """
    if len(text) > LONGEST_SPEC or not _is_writable(text):
        problem = (
            f"has {len(text):,} characters" if len(text) > LONGEST_SPEC else "has characters that a file cannot store"
        )
        raise ArgumentError(f"{quote(text)} names no network: it {problem}; write {describe_forms()}")
    whole, apart, module = text.partition("::")
    if apart and not module:
        raise ArgumentError(f"{quote(text)} names no module after ::; write NET::layer1.0, or {whole} for all of it")
    body, _, query = whole.partition("?")
    arguments = dict(_parse_argument(item, text) for item in query.split("&") if item)
    body, size, seq = _split_size(body, text)
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
        seq=seq,
        local=found.local,
        file=found.file_in(source, target),
        module=module,
    )


def _is_writable(text: str) -> bool:
    """Whether a text can be the contents and the name of a file: no NUL, no half of a surrogate pair."""
    return "\0" not in text and text == text.encode(errors="ignore").decode()


def _split_size(body: str, text: str) -> tuple[str, tuple[int, int] | None, int | None]:
    name, at, size = body.rpartition("@")
    if not at:
        return body, None, None
    match = re.fullmatch(r"(?P<seq>seq)?(?P<high>\d{1,9})(?:x(?P<wide>\d{1,9}))?", size)
    if not match or int(match["high"]) < 1 or (match["seq"] and match["wide"]):
        raise ArgumentError(
            f"{quote(text)}: the size after @ is a number of pixels, as in vgg16@192 or vgg16@192x256, or of "
            "tokens, as in hf:llama@seq2048"
        )
    if match["seq"]:
        return name, None, int(match["high"])
    return name, (int(match["high"]), int(match["wide"] or match["high"])), None


def _parse_argument(item: str, text: str) -> tuple[str, object]:
    key, equals, value = item.partition("=")
    if not equals or not all(part.isidentifier() for part in key.split(".")):
        raise ArgumentError(
            f"{quote(text)}: {quote(item)} is not key=value; arguments are written ?num_classes=10&widths=[16,32]"
        )
    try:
        return key, parse_literal(value)
    except ArgumentError as error:
        raise ArgumentError(f"{quote(text)}: {error}") from None
