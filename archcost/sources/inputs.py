"""Descriptions of inputs: "3x224x224", "128:int64", "mask=128:bool", "edges=exact:2x1000:int64", "step=value:10"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.errors import ArgumentError, InputError, first_line, quote
from archcost.sources.literals import parse_literal

if TYPE_CHECKING:
    import torch

DTYPES = (
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
    "complex64", "complex128",
)  # fmt: skip
NAME = re.compile(r"(?P<name>(?:\d+|[^\W\d]\w*)(?:\.\w+)*)=")
SHAPE = re.compile(r"scalar|\d{1,18}(?:x\d{1,18})*")
EACH = "each"  # in a name: a list with one entry for each image of the batch
GRAMMAR = (
    "[NAME=]3x224x224[:DTYPE] (batch apart), [NAME=]exact:2x1000:int64 (the batch is in it), [NAME=]value:10[:DTYPE] "
    "or [NAME=]@FILE.npy; a NAME may be a path into a dictionary or list, as in batch.image or targets.0.boxes"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input.

    Attributes:
        shape: the shape, without the batch unless `exact`.
        dtype: dtype of the tensor; "" for a Python value, and for a file, which has its own.
        name: name of a keyword argument, or a path within one: "batch.image", "targets.0.boxes".
        exact: whether the shape is complete for every batch size.
        value: a literal as written; with a dtype it becomes a tensor.
        file: path of a file that holds the tensor.
        rows: entries of the first axis for each image, above 1 for a module that takes several windows of an image; 0
            if no axis is the batch.
        sample: a network's example values in this shape.
    """

    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    name: str | None = None
    exact: bool = False
    value: str | None = None
    file: str | None = None
    rows: int = 1
    sample: Any = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the form that `parse_input` reads."""
        name = f"{self.name}=" if self.name else ""
        if self.file is not None:
            return f"{name}@{self.file}"
        if self.value is not None:
            return f"{name}value:{self.value}{self.dtype and f':{self.dtype}'}"
        dtype = "" if self.dtype == "float32" else f":{self.dtype}"
        return f"{name}{'exact:' * self.exact}{units.shape(self.shape)}{dtype}"

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the name."""
        return tuple(self.name.split(".")) if self.name else ()

    @property
    def is_floating(self) -> bool:
        """Whether the input is a floating-point tensor."""
        return self.dtype.startswith(("float", "bfloat"))

    def cast(self, dtype: str) -> InputSpec:
        """Return a floating-point input in another dtype; return any other unchanged."""
        return replace(self, dtype=dtype) if self.is_floating else self

    def make(self, batch: int, device: str) -> Any:
        """Create the argument: a tensor or the value.

        Raises:
            InputError: the file cannot be read, or the shape is too large for any tensor.
        """
        import torch

        if self.file is not None:
            return _read_tensor(self.file).to(device)
        if self.value is None:
            return self.tensor(batch, device)
        value = parse_literal(self.value)
        if not self.dtype:
            return value
        try:
            return torch.tensor(value, dtype=getattr(torch, self.dtype), device="cpu").to(device)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"--input {quote(str(self))} is not a tensor: {first_line(error)}") from error

    def tensor(self, batch: int, device: str) -> torch.Tensor:
        """Create a tensor: of random numbers for floating point, of zeros (a valid index) or the sample otherwise."""
        import torch

        dtype = getattr(torch, self.dtype)
        grows = self.rows and not self.exact and EACH not in self.path
        shape = (batch * self.rows, *self.shape) if grows else self.shape
        try:
            torch.empty(shape, dtype=dtype, device="meta")
        except (RuntimeError, TypeError, OverflowError) as error:
            raise InputError(f"an input of {batch} x {self} is too large for any tensor") from error
        if device == "meta":
            return torch.empty(shape, dtype=dtype, device=device)
        if dtype.is_floating_point or dtype.is_complex:
            return torch.randn(shape, dtype=dtype, device=device)
        if self.sample is not None:
            return self.sample.to(device=device, dtype=dtype).expand(shape).clone()  # type: ignore[no-any-return]
        return torch.zeros(shape, dtype=dtype, device=device)


def parse_input(text: str) -> InputSpec:
    """Parse an input description.

    Raises:
        InputError: the text is invalid; names the position and the allowed forms or dtypes.

    Example:
        >>> str(parse_input("mask=128:bool")), parse_input("edges=exact:2x9:int64").shape
        ('mask=128:bool', (2, 9))
    """
    text = text.strip()
    named = NAME.match(text)
    name, begun = (named["name"], named.end()) if named else (None, 0)
    rest = text[begun:]
    if rest.startswith("@") and rest[1:]:
        return InputSpec(name=name, file=rest[1:], dtype="")
    if rest.startswith("value:"):
        return _parse_value(text, name, rest.removeprefix("value:"))
    exact = rest.startswith("exact:")
    begun += len("exact:") * exact
    shape = SHAPE.match(text, begun)
    end = shape.end() if shape else begun
    dtype = text[end + 1 :] if text[end : end + 1] == ":" else "float32"
    if shape is None or not dtype.isalnum() or (end < len(text) and text[end] != ":"):
        raise InputError(
            f"--input {quote(text)} does not parse at character {end + 1}, {quote(text[end:])}; write {GRAMMAR}"
        )
    _check_dtype(text, dtype)
    sizes = () if shape[0] == "scalar" else tuple(int(size) for size in shape[0].split("x"))
    return InputSpec(shape=sizes, dtype=dtype, name=name, exact=exact)


def read_descriptions(inputs: str | InputSpec | Sequence[str | InputSpec]) -> tuple[InputSpec, ...]:
    """Return the descriptions of a network's inputs, without the batch: "3x224x224", one `InputSpec`, or several.

    Raises:
        ArgumentError: something else was given, such as a tensor, or a text cannot be parsed.
    """
    several = (inputs,) if isinstance(inputs, str | InputSpec) else inputs
    if not isinstance(several, Sequence) or not all(isinstance(each, str | InputSpec) for each in several):
        raise ArgumentError(
            f"inputs describes each input without the batch, such as inputs='3x224x224'; it is a "
            f"{type(inputs).__name__}"
        )
    return tuple([parse_input(each) if isinstance(each, str) else each for each in several])


def _parse_value(text: str, name: str | None, written: str) -> InputSpec:
    value, _, dtype = written.rpartition(":")
    if not value or dtype not in DTYPES:
        value, dtype = written, ""
    try:
        parse_literal(value)
    except ArgumentError as error:
        raise InputError(f"--input {quote(text)}: {error}; write {GRAMMAR}") from error
    return InputSpec(name=name, value=value, dtype=dtype)


def _check_dtype(text: str, dtype: str) -> None:
    if dtype not in DTYPES:
        raise InputError(f"--input {quote(text)}: unknown dtype {quote(dtype)}; allowed are {', '.join(DTYPES)}")


def _read_tensor(file: str) -> torch.Tensor:
    """Read a tensor from a NumPy file."""
    import numpy as np
    import torch

    if not Path(file).is_file():
        raise InputError(f"--input @{file}: there is no such file (looked in {Path.cwd()})")
    try:
        return torch.from_numpy(np.load(file, allow_pickle=False))
    except (ValueError, TypeError, EOFError, OSError) as error:
        raise InputError(
            f"--input @{file} is not an array: {first_line(error)}; write it with numpy.save('{file}', array)"
        ) from error
