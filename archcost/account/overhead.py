"""The memory of a GPU besides tensors: named constants, each with its source, or measured workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcost.records import NamedDevice, Workspace

# aten/src/ATen/cuda/CublasHandlePool.cpp: 32 MiB from Hopper on, else CUBLAS_WORKSPACE_CONFIG=:4096:2:16:8
CUBLAS_LARGE, CUBLAS_SMALL = 4096 * 1024 * 8, 4096 * 1024 * 2 + 16 * 1024 * 8
HOPPER = 9
# The driver's context and the loaded kernels: the kernels for one tensor only, and all kernels. The author of torch's
# lazy loading (1.13) measured both on one GPU. They depend on the driver, the device and torch's build; 447 MB were
# reported for an RTX 6000 Ada under CUDA 13. archcost has not measured a context.
CONTEXT_LEAST, CONTEXT_MOST = 287_047_680, 666_632_192


def overheads(device: NamedDevice, *, trains: bool, measured: Workspace | None = None) -> dict[str, tuple[int, int]]:
    """Return the bytes on a GPU on top of a walk's tensors, by name: the least and the most.

    cuBLAS has one workspace for each thread that computes products; the backward pass runs in a thread of its own.
    Measured workspaces of all libraries replace it.
    """
    context = {"CUDA context": (CONTEXT_LEAST, CONTEXT_MOST)}
    if measured is not None:
        return {**context, "measured workspaces": (measured.nbytes, measured.nbytes)}
    major = device.capability[0] if device.capability else 0
    workspace = CUBLAS_LARGE if major >= HOPPER else CUBLAS_SMALL
    cublas = workspace * (2 if trains else 1)
    return {**context, "cuBLAS workspaces": (cublas, cublas)}
