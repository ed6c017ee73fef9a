"""Descriptions of input tensors: "3x224x224", "128:int64", "mask=128:bool". The batch is apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import InputError, quote

if TYPE_CHECKING:
    import torch

DTYPES = (
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
    "complex64", "complex128",
)  # fmt: skip
FORM = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<shape>\d{1,18}(?:x\d{1,18})*|scalar)(?::(?P<dtype>\w+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input: its shape without the batch, its dtype, and its name where it is a keyword argument.

    `rows` are those along the first axis for each image, as for a module that takes several windows of an image; 0
    where no axis is the batch.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    name: str | None = None
    rows: int = 1

    def __str__(self) -> str:
        """Return the form that `parse_input` reads."""
        name = f"{self.name}=" if self.name else ""
        dtype = "" if self.dtype == "float32" else f":{self.dtype}"
        return name + units.shape(self.shape) + dtype

    def tensor(self, batch: int, device: str) -> torch.Tensor:
        """Make the tensor: random numbers for floating point, zeros (a valid index) for everything else."""
        import torch

        dtype = getattr(torch, self.dtype)
        shape = (batch * self.rows, *self.shape) if self.rows else self.shape
        try:
            torch.empty(shape, dtype=dtype, device="meta")
        except (RuntimeError, TypeError, OverflowError) as error:
            raise InputError(f"an input of {batch} x {self} is too large for any tensor") from error
        if device == "meta":
            return torch.empty(shape, dtype=dtype, device=device)
        if dtype.is_floating_point or dtype.is_complex:
            return torch.randn(shape, dtype=dtype, device=device)
        return torch.zeros(shape, dtype=dtype, device=device)


def parse_input(text: str) -> InputSpec:
    """Read an input description.

    Raises:
        InputError: naming the forms and the dtypes that are allowed.

    Example:
        >>> parse_input("mask=128:bool")
        InputSpec(shape=(128,), dtype='bool', name='mask')
    """
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"--input {quote(text)} does not parse; write 3x224x224, 128:int64 or name=128:bool (batch apart)"
        )
    dtype = match["dtype"] or "float32"
    if dtype not in DTYPES:
        raise InputError(f"--input {quote(text)}: unknown dtype {quote(dtype)}; allowed are {', '.join(DTYPES)}")
    shape = () if match["shape"] == "scalar" else tuple(int(size) for size in match["shape"].split("x"))
    return InputSpec(shape=shape, dtype=dtype, name=match["name"])
