"""torch's settings during a measurement: threads, TensorFloat-32, cuDNN's search, autocast."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from archcost.clock.kinds import kind_of
from archcost.errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import TimingPlan

AMP = {"bf16": "bfloat16", "fp16": "float16"}
AMPERE = (8, 0)  # the first with TensorFloat-32


def torch_dtype(name: str) -> torch.dtype:
    """Return torch's dtype for a name; TensorFloat-32 is a way to multiply float32."""
    found: torch.dtype = getattr(torch, {"tf32": "float32", **AMP}.get(name, name))
    return found


def check_dtype(name: str, device: torch.device) -> None:
    """Check that a device computes in a dtype.

    Raises:
        ClockError: it does not; names the device's dtypes.
    """
    kind = kind_of(device)
    if name not in kind.dtypes:
        what = ", which is a way of CUDA devices to multiply float32" if name == "tf32" else ""
        raise ClockError(f"the {kind.title} has no {name}{what}; it has {', '.join(kind.dtypes)}")
    if "tf32" not in kind.dtypes:
        return
    capable = torch.cuda.get_device_capability(device)
    if (name == "tf32" and capable < AMPERE) or (
        name == "bfloat16" and not torch.cuda.is_bf16_supported(including_emulation=False)
    ):
        device_name = torch.cuda.get_device_name(device)
        raise ClockError(f"{device_name} has no {name}; it has float32, float16, float64")


@contextmanager
def regime(plan: TimingPlan) -> Iterator[None]:
    """Compute by a plan's settings; all settings are restored, even if the body raises."""
    cudnn = torch.backends.cudnn
    threads, benchmark = torch.get_num_threads(), cudnn.benchmark
    try:
        if plan.threads is not None:
            torch.set_num_threads(plan.threads)
        cudnn.benchmark = plan.cudnn_benchmark
        with nullcontext() if plan.dtype is None else _products_in(tf32=plan.dtype == "tf32"):
            yield
    finally:
        torch.set_num_threads(threads)
        cudnn.benchmark = benchmark


def autocast(plan: TimingPlan, device: torch.device) -> AbstractContextManager[Any]:
    """Return torch.autocast if the plan asks for it."""
    return nullcontext() if plan.amp is None else torch.autocast(device.type, torch_dtype(plan.amp))


def find_tf32() -> tuple[str, ...]:
    """Return the float32 operations that torch may now compute in TensorFloat-32: "products", "convolutions"."""
    older = _older_switches()
    if older is None:
        matmul, conv, _ = (value for _, value in _newer_switches())
        switches: tuple[str | bool, ...] = (matmul, conv)
    else:
        switches = older
    fast = {"high", "medium", "tf32", True}
    return tuple(name for name, value in zip(("products", "convolutions"), switches, strict=True) if value in fast)


@contextmanager
def _products_in(*, tf32: bool) -> Iterator[None]:
    """Multiply float32 in TensorFloat-32, or exactly.

    This sets the older switches, because torch refuses to read them once the newer ones differ, unless they are already
    unreadable. Both are restored, because an older switch changes the newer ones.
    """
    older, newer = _older_switches(), _newer_switches()
    try:
        if older is None:
            for owner, _ in newer:
                owner.fp32_precision = "tf32" if tf32 else "ieee"
        else:
            _turn("high" if tf32 else "highest", tf32)
        yield
    finally:
        if older is not None:
            _turn(*older)
        for owner, value in newer:
            owner.fp32_precision = value


def _turn(products: str, convolutions: bool) -> None:
    torch.set_float32_matmul_precision(products)
    torch.backends.cudnn.allow_tf32 = convolutions


def _older_switches() -> tuple[str, bool] | None:
    """Return the older switches of products and convolutions; None if they cannot express the newer ones' state."""
    try:
        return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return None


def _newer_switches() -> list[tuple[Any, str]]:
    """Return the switches of torch 2.9 and later."""
    backends: Any = torch.backends
    if not hasattr(backends.cuda.matmul, "fp32_precision"):
        return []
    owners = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
    return [(owner, owner.fp32_precision) for owner in owners]
