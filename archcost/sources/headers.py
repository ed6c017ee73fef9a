"""read_header(file) -> the tensors of a file of weights: name, shape, dtype, bytes; no tensor is read."""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from archcost.errors import UnknownNetworkError
from archcost.records.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 100 << 20  # bytes of a header, the limit of safetensors
LARGEST = 1 << 60  # bytes of a tensor
WIDEST = 16  # bytes of an element
MOST = 1 << 24  # plausible entries of a list, or tensors of a file
# types of gguf by number: name, weights in a block, bytes of a block
GGUF_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip
GGUF_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
GGUF_TEXT, GGUF_LIST = 8, 9
GGUF_VERSIONS = (2, 3)


def read_header(file: str) -> tuple[Stored, ...]:
    """Return the tensors of a file.

    Raises:
        UnknownNetworkError: there is no such file, or it is damaged.
    """
    path = Path(file)
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {file!r} (looked in {Path.cwd()})")
    read = _read_safetensors if file.endswith(".safetensors") else _read_gguf
    try:
        with path.open("rb") as stream:
            return tuple(map(_check, read(stream)))
    except (struct.error, ValueError, LookupError, TypeError, AttributeError, MemoryError, RecursionError) as error:
        raise UnknownNetworkError(f"{file} has no header of its kind: it is damaged, or something else") from error


def _check(stored: Stored) -> Stored:
    """Return a tensor whose shape and bytes are possible."""
    if not all(type(size) is int and size >= 0 for size in (*stored.shape, stored.nbytes)):
        raise ValueError(stored.name)
    if not stored.nbytes <= min(WIDEST * prod(stored.shape), LARGEST):
        raise ValueError(stored.name)
    return stored


def _read_safetensors(stream: BinaryIO) -> Iterator[Stored]:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > LONGEST:
        raise ValueError(length)
    for name, entry in json.loads(stream.read(length)).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            yield Stored(name=name, shape=tuple(entry["shape"]), dtype=entry["dtype"], nbytes=end - begin)


def _read_gguf(stream: BinaryIO) -> Iterator[Stored]:
    if stream.read(4) != b"GGUF" or _number(stream, "I") not in GGUF_VERSIONS:
        raise ValueError("magic")
    tensors, entries = _number(stream, "Q"), _number(stream, "Q")
    if max(tensors, entries) > MOST:
        raise ValueError(tensors)
    for _ in range(entries):
        _text(stream)
        _skip(stream, _number(stream, "I"))
    for _ in range(tensors):
        name = _text(stream)
        shape = tuple(_number(stream, "Q") for _ in range(_number(stream, "I")))
        dtype, block, nbytes = GGUF_TYPES[_number(stream, "I")]
        _number(stream, "Q")  # the tensor's offset
        yield Stored(name=name, shape=shape[::-1], dtype=dtype, nbytes=prod(shape) // block * nbytes)


def _number(stream: BinaryIO, form: str) -> Any:
    return struct.unpack(f"<{form}", stream.read(struct.calcsize(form)))[0]


def _text(stream: BinaryIO) -> str:
    length = _number(stream, "Q")
    if length > LONGEST:
        raise ValueError(length)
    text = stream.read(length)
    if len(text) < length:
        raise ValueError(length)
    return text.decode()


def _skip(stream: BinaryIO, kind: int, depth: int = 0) -> None:
    """Skip a value of the metadata."""
    if kind == GGUF_TEXT:
        _text(stream)
    elif kind == GGUF_LIST and depth < 4:  # noqa: PLR2004 - lists within lists
        inner, count = _number(stream, "I"), _number(stream, "Q")
        if count > MOST:
            raise ValueError(count)
        for _ in range(count):
            _skip(stream, inner, depth + 1)
    else:
        _number(stream, GGUF_NUMBERS[kind])
