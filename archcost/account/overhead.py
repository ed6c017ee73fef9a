"""What a GPU's memory holds besides tensors: named constants, each with its source, and what only a GPU can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcost.records import NamedDevice

# aten/src/ATen/cuda/CublasHandlePool.cpp: 32 MiB from Hopper on, else CUBLAS_WORKSPACE_CONFIG=:4096:2:16:8
CUBLAS_LARGE, CUBLAS_SMALL = 4096 * 1024 * 8, 4096 * 1024 * 2 + 16 * 1024 * 8
HOPPER = 9
# The driver's context and the kernels that are loaded: about this much, by the driver, the device and torch's build.
CONTEXT = 500 * 10**6


def overheads(device: NamedDevice, *, trains: bool) -> dict[str, int]:
    """Return what comes on top of the tensors of a walk on a GPU, by what it is.

    cuBLAS has one workspace for each thread that computes products: the backward pass runs in one of its own.
    """
    major = device.capability[0] if device.capability else 0
    workspace = CUBLAS_LARGE if major >= HOPPER else CUBLAS_SMALL
    return {"CUDA context, about": CONTEXT, "cuBLAS workspaces": workspace * (2 if trains else 1)}
