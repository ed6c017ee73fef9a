"""The words that options and arguments choose among; they load nothing, for help and completion to be quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("eval", "train", "as-is")
FUSED = "fused"  # the form of an optimizer that steps by one kernel
OPTIMIZERS = ("sgd", "momentum", "adam", "adamw", "sgd-fused", "momentum-fused", "adam-fused", "adamw-fused")
LOSSES = ("cross-entropy", "sum")
FOLLOWED = ("cuda", "cpu")  # devices whose choices the meta device can follow; the first unless asked otherwise
COUNTING = "meta,cpu"  # the meta device, or the CPU where a network needs real values: the same on every machine
GPUS = ("cuda", "mps", "xpu")
WEIGHT_DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}  # as people type them, and torch's names
KV_DTYPES = {"fp8": 1, "int8": 1, "bf16": 2, "fp16": 2, "fp32": 4}  # what a cache can be stored in: bytes of an element
TIMERS = ("events", "graph")
ENGINES = ("local", "ray")  # who runs many networks: this machine's cores, or a cluster


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a value that an argument cannot have.

    Raises:
        ArgumentError: naming the argument, the values that it can have, and this one.
    """
    if value not in allowed:
        raise ArgumentError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
