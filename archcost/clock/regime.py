"""How torch computes while something is timed: threads, TensorFloat-32, cuDNN's search, autocast."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from archcost.errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import TimingPlan

AMPERE = (8, 0)  # the first with TensorFloat-32


def torch_dtype(name: str) -> torch.dtype:
    """Return the type that a name stands for: TensorFloat-32 is a way to multiply float32."""
    found: torch.dtype = getattr(torch, "float32" if name == "tf32" else name)
    return found


def check_dtype(name: str, device: torch.device) -> None:
    """Find out whether a device computes in a dtype.

    Raises:
        ClockError: it does not, with those that it has.
    """
    if device.type != "cuda":
        if name == "tf32":
            raise ClockError(
                "the CPU has no tf32, which is a way of CUDA devices to multiply float32; it has float32, bfloat16, "
                "float16, float64"
            )
        return
    capable = torch.cuda.get_device_capability(device)
    if (name == "tf32" and capable < AMPERE) or (
        name == "bfloat16" and not torch.cuda.is_bf16_supported(including_emulation=False)
    ):
        device_name = torch.cuda.get_device_name(device)
        raise ClockError(f"{device_name} has no {name}; it has float32, float16, float64")


@contextmanager
def regime(plan: TimingPlan) -> Iterator[None]:
    """Compute as a plan says; everything is put back, also when the body raises."""
    cudnn = torch.backends.cudnn
    threads, benchmark, products = torch.get_num_threads(), cudnn.benchmark, _products()
    try:
        if plan.threads is not None:
            torch.set_num_threads(plan.threads)
        cudnn.benchmark = plan.cudnn_benchmark
        if plan.dtype is not None:
            for owner, name, _ in products:
                setattr(owner, name, _product_kind(name, tf32=plan.dtype == "tf32"))
        yield
    finally:
        torch.set_num_threads(threads)
        cudnn.benchmark = benchmark
        for owner, name, value in products:
            setattr(owner, name, value)


def autocast(plan: TimingPlan, device: torch.device) -> AbstractContextManager[Any]:
    """Return torch.autocast where the plan asks for it."""
    if not plan.amp or plan.dtype is None:
        return nullcontext()
    return torch.autocast(device.type, torch_dtype(plan.dtype))


def uses_tf32() -> bool:
    """Whether any product of float32 may be computed in TensorFloat-32 now."""
    return any(value in {True, "tf32"} for _, _, value in _products())


def _products() -> list[tuple[Any, str, Any]]:
    """Return the switches of TensorFloat-32 and how they stand; torch 2.9 renamed them and minds the old names."""
    backends: Any = torch.backends
    if hasattr(backends.cuda.matmul, "fp32_precision"):
        owners = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
        return [(owner, "fp32_precision", owner.fp32_precision) for owner in owners]
    return [(owner, "allow_tf32", owner.allow_tf32) for owner in (backends.cuda.matmul, backends.cudnn)]


def _product_kind(name: str, *, tf32: bool) -> bool | str:
    if name == "allow_tf32":
        return tf32
    return "tf32" if tf32 else "ieee"
