"""The values that options and arguments can take; this module loads nothing, so that help and completion are quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("eval", "train", "as-is")
FUSED = "fused"  # the form of an optimizer that steps in one kernel
OPTIMIZERS = ("sgd", "momentum", "adam", "adamw", "sgd-fused", "momentum-fused", "adam-fused", "adamw-fused")
LOSSES = ("cross-entropy", "sum")
FOLLOWED = ("cuda", "cpu")  # devices that the meta device can follow; the first is the default
COUNTING = "meta,cpu"  # the meta device, or the CPU if a network needs real values: the same on every machine
GPUS = ("cuda", "mps", "xpu")
WEIGHT_DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}  # short names, and torch's names
KV_DTYPES = {"fp8": 1, "int8": 1, "bf16": 2, "fp16": 2, "fp32": 4}  # data types of a cache: bytes per element
TIMERS = ("events", "graph")
ENGINES = ("local", "ray")  # where many networks run: on this machine's cores, or on a cluster


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a value that an argument does not allow.

    Raises:
        ArgumentError: the value is not allowed; names the argument and the allowed values.
    """
    if value not in allowed:
        raise ArgumentError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
