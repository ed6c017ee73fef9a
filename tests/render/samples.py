"""Handwritten samples: plausible measurements of the branched report, in round numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcost.records import (
    Cell,
    Conditions,
    Copy,
    DeviceState,
    LayerTimes,
    MemoryUse,
    Roof,
    RowTime,
    Sample,
    Series,
    Sweep,
    TimingPlan,
    Warmup,
)

US = 1000
ROOF = Roof(
    device="made up",
    driver=None,
    torch="2.13",
    threads=2,
    copies=(Copy(nbytes=10**5, bytes_per_second=100e9), Copy(nbytes=10**8, bytes_per_second=10e9)),
    flops_per_second={"float32": 100e9},
)
STATE = DeviceState(load=0.5)
CONDITIONS = Conditions(
    device="made up",
    driver=None,
    torch="2.13",
    cudnn=None,
    threads=2,
    cudnn_benchmark=False,
    deterministic=False,
    tf32=False,
    before=STATE,
    after=STATE,
)


def series(median: int, n: int = 20) -> Series:
    """Return samples: half lie a hundredth below their median, half above."""
    return Series(tuple(median - median // 100 if i % 2 else median + median // 100 for i in range(n)))


def row(name: str, us: int, *, macs: int = 0, moved: int | None = 0, call: int = 0, **rest: Any) -> RowTime:
    known = {"kind": "Conv2d", "role": "leaf", "layers": (1,)}
    return RowTime(name=name, call=call, macs=macs, moved_bytes=moved, times=series(us * US), **{**known, **rest})


def layers(*, overhead: float = 0.02, queue_full: bool | None = None) -> LayerTimes:
    """Return 1 ms: a product at half the roof's arithmetic, a copy at a quarter of its memory, one above it, a gap."""
    rows = (
        row("stem", 400, macs=10**7, moved=10**5),
        row("relu", 200, moved=5 * 10**6, kind="ReLU"),
        row("relu", 100, moved=2 * 10**6, kind="ReLU", call=1),
        row("between: blocks.0 (add)", 50, moved=10**7, kind="", role="between"),
        row("backward", 200, macs=2 * 10**7, moved=None, kind="", role="phase", layers=()),
        row("between: (no operator)", 50, kind="", role="between", layers=()),
    )
    if queue_full is False:
        rows = (*rows[:2], replace(rows[2], upper_bound=True), *rows[3:])
    return LayerTimes(
        rows=rows, spans=series(1000 * US), plain=series(round(1000 * US / (1 + overhead))), queue_full=queue_full
    )


def sample(**rest: Any) -> Sample:
    known = {
        "plan": TimingPlan(dtype="float32"),
        "timer": "wall clock",
        "dtype": "float32",
        "images": 4,
        "warmup": Warmup(iterations=15, ns=10**7, settled=True),
        "end_to_end": series(980 * US),
        "queue_full": None,
        "wall": None,
        "layers": layers(),
        "memory": None,
        "energy": None,
        "conditions": CONDITIONS,
        "roof": ROOF,
        "notes": (),
        "unmet": (),
    }
    return Sample(**{**known, **rest})


def gpu_sample(**rest: Any) -> Sample:
    """Return the sample of a device that waits for the host half of the time."""
    conditions = replace(
        CONDITIONS,
        device="NVIDIA H200",
        driver="580.65",
        cudnn="91002",
        threads=None,
        before=DeviceState(clock_hz=1_980_000_000),
        after=DeviceState(clock_hz=1_755_000_000),
    )
    known = {
        "timer": "CUDA events",
        "wall": series(1960 * US),
        "queue_full": True,
        "memory": MemoryUse(allocated_bytes=50_000_000, reserved_bytes=62_000_000),
        "conditions": conditions,
        "layers": layers(queue_full=False),
    }
    return sample(**{**known, **rest})


def sweep() -> Sweep:
    plan = TimingPlan(dtype="float32", device="cpu")
    known: dict[str, Any] = {"plan": plan, "inputs": ("3x16x16",), "train": None}
    return Sweep(
        network="branched",
        name="Branched",
        asked=4,
        cells=(
            Cell(**known, batch=1, outcome="timed", macs=10**7, predicted_bytes=10**6, sample=sample(images=1)),
            Cell(
                **{**known, "plan": replace(plan, dtype="bfloat16")},
                batch=1,
                outcome="failed",
                message="no halves",
            ),
            Cell(**known, batch=64, outcome="out of memory", message="RuntimeError: out of memory"),
        ),
    )
