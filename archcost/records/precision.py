"""Mixed precision, as a user asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from archcost.errors import ArgumentError

AMP_DTYPES = ("bf16", "fp16")
AMP_LISTS = ("cuda", "cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedPrecision:
    """What runs within `torch.autocast`: into which of `AMP_DTYPES`, and by the lists of which device of `AMP_LISTS`.

    The lists say which operators run in half precision, which in float32, and which as they come; the CPU's and CUDA's
    differ.
    """

    dtype: str
    lists: str

    def __str__(self) -> str:
        """Return the form that is asked for, "cuda:bf16"."""
        return f"{self.lists}:{self.dtype}"


def parse_amp(text: str, device: str) -> MixedPrecision:
    """Read "bf16", "fp16" or, on the meta device, "cpu:bf16": the device whose lists are followed there, else CUDA's.

    Raises:
        ArgumentError: a dtype or a device that it cannot be, or lists that are not those of a real device.
    """
    lists, _, dtype = text.rpartition(":")
    kind = device.partition(":")[0]
    if dtype not in AMP_DTYPES or lists not in {"", *AMP_LISTS}:
        raise ArgumentError(f"amp must be one of {', '.join(AMP_DTYPES)}, or as in cpu:bf16, not {text!r}")
    if kind in AMP_LISTS and lists not in {"", kind}:
        raise ArgumentError(f"amp {text!r}: on {kind}, torch follows the lists of {kind}; --device meta follows any")
    return MixedPrecision(dtype=dtype, lists=lists or (kind if kind in AMP_LISTS else AMP_LISTS[0]))
