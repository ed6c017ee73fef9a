"""The memory that torch's CUDA allocator holds for a walk, and the memory that comes on top."""

from __future__ import annotations

from dataclasses import dataclass

OVERHEAD_UNKNOWN = "cuDNN's workspace is unknown before it is measured: 0 to what its fastest algorithms ask for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The peaks of torch's CUDA allocator over the steps of a loop; each figure has its own moment.

    `tensor_bytes` are the exact bytes of the tensors on the device, `allocated_bytes` the bytes of the blocks around
    them (`torch.cuda.max_memory_allocated`), and `reserved_bytes` the bytes of the segments requested from the device
    (`torch.cuda.max_memory_reserved`). `expandable` stands for `expandable_segments:True` in PYTORCH_CUDA_ALLOC_CONF.
    """

    tensor_bytes: int
    allocated_bytes: int
    reserved_bytes: int
    expandable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The GPU memory of libraries (cuBLAS, cuDNN) beside the tensors, at the peak of a measured iteration.

    `run` tells how the network ran, whatever its batch: mode, precision, inputs, parameters.
    """

    device: str
    driver: str | None
    torch: str
    network: str
    run: str
    batch: int
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspaces:
    """The workspaces of one network on one device, under one driver and torch, by run and batch."""

    found: tuple[Workspace, ...]
