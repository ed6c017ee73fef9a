"""Mixed precision, and the device that the meta device follows."""

from __future__ import annotations

from dataclasses import dataclass

from archcost.choices import COUNTING, FOLLOWED, check_choice
from archcost.errors import ArgumentError

AMP_DTYPES = ("bf16", "fp16")


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedPrecision:
    """A use of `torch.autocast`: its dtype, of `AMP_DTYPES`, and the device of `FOLLOWED` whose operator lists apply.

    The lists name the operators that run in half precision and in float32; the CPU's and CUDA's lists differ.
    """

    dtype: str
    lists: str

    def __str__(self) -> str:
        """Return its text, "cuda:bf16"."""
        return f"{self.lists}:{self.dtype}"


def parse_amp(text: str, device: str, like: str | None = None) -> MixedPrecision:
    """Read "bf16", "fp16" or, on the meta device, "cpu:bf16", which names the device whose lists apply.

    If the text names no device, the lists of `like` apply, by default CUDA's.

    Raises:
        ArgumentError: an unknown dtype or device, or a list that contradicts the real device or `like`.
    """
    lists, _, dtype = text.rpartition(":")
    kind = device.partition(":")[0]
    if dtype not in AMP_DTYPES or lists not in {"", *FOLLOWED}:
        raise ArgumentError(f"amp must be one of {', '.join(AMP_DTYPES)}, or as in cpu:bf16, not {text!r}")
    if kind in FOLLOWED and lists not in {"", kind}:
        raise ArgumentError(f"amp {text!r}: on {kind}, torch follows the lists of {kind}; --device meta follows any")
    if like is not None and lists not in {"", like}:
        raise ArgumentError(f"amp {text!r} follows {lists}, and like={like!r} follows {like}; give one of the two")
    return MixedPrecision(dtype=dtype, lists=lists or (kind if kind in FOLLOWED else like or FOLLOWED[0]))


def choose_followed(device: str, like: str | None, amp: str | None = None) -> str:
    """Return the kind of device that a walk follows: its own, or on the meta device the requested one.

    Raises:
        ArgumentError: the meta device cannot follow that device, or a real device follows only itself.
    """
    if like is not None:
        check_choice("like", like, FOLLOWED)
    kind = device.partition(":")[0]
    if kind in {"auto", "meta", COUNTING}:
        return like or (FOLLOWED[0] if amp is None else parse_amp(amp, device).lists)
    if like not in {None, kind}:
        raise ArgumentError(f"like={like!r}: on {kind}, torch makes the choices of {kind}; --device meta follows any")
    return kind
