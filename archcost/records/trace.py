"""The trace of one run of a network: every operator, every module call, every storage.

Operators are numbered in the order of execution. Operator numbers name the sources of a tensor's value; the network's
inputs have the numbers -1, -2, ... (`INPUT - i` for the i-th), and parameters, buffers and constants have no source.

No code changes a record after its creation. Those that a walk creates by the thousand are not frozen, because a frozen
dataclass takes five times as long to create; and they have slots, because Python reads the field of a named tuple
several times more slowly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records.precision import MixedPrecision
    from archcost.records.training import Training

INPUT = -1


@dataclass(slots=True)
class TensorSpec:
    """One tensor as an argument or a result of an operator.

    `shape` as torch gives it (N, C, H, W for images). `nbytes` are the distinct bytes that it addresses; an expanded
    tensor has fewer than its elements suggest. `sources` are the operators whose results it holds. `stored` is the
    number of stored elements of a sparse tensor.
    """

    shape: tuple[int, ...]
    dtype: str
    storage: int
    offset: int
    nbytes: int
    sources: tuple[int, ...] = ()
    stored: int | None = None

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def held(self) -> int:
        """Number of stored elements; for a dense tensor, all elements."""
        return prod(self.shape) if self.stored is None else self.stored


@dataclass(slots=True)
class OpCall:
    """One call of a dispatcher operator, such as `aten.convolution`.

    `args` are keyed by the names in the operator's schema, with defaults filled in and tensors as `TensorSpec`.
    `written` are the storages of arguments that it changes in place. `module` is the number of the innermost module
    call, -1 outside of all. For an operator of the backward pass, `forward_of` is the forward (or loss) operator whose
    gradient it computes.
    """

    index: int
    order: int
    op: str
    args: Mapping[str, Any]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    written: tuple[int, ...]
    module: int
    phase: Literal["forward", "loss", "backward", "step"] = "forward"
    forward_of: int | None = None


@dataclass(slots=True)
class ModuleSpec:
    """One module of the network; `path` is its name in `named_modules()`, "" for the network itself.

    `children` are the children of a Sequential, in the order of their calls.
    """

    path: str
    kind: str
    leaf: bool
    recurrent: bool = False
    children: tuple[str, ...] = ()


@dataclass(slots=True)
class ModuleCall:
    """One call of a module; `order` is its place among the operators, `parent` is the calling module's call.

    A leaf's call has the shapes of its input tensors and its results. `repeats`: it received one tensor twice, as
    self-attention does.
    """

    index: int
    order: int
    path: str
    parent: int
    inputs: tuple[tuple[int, ...], ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    repeats: bool = False


@dataclass(slots=True)
class ParamSpec:
    """One parameter or buffer; a tensor that several modules share appears once, under its first name."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    storage: int
    offset: int
    nbytes: int
    requires_grad: bool

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def module(self) -> str:
        """Path of the owning module."""
        return self.name.rpartition(".")[0]


@dataclass(slots=True)
class StorageSpec:
    """One block of memory: born while operator `born` ran, dead before operator `died` (None: alive at the end).

    `kind` "fresh" was allocated by an operator of the walk, and so was a parameter's "gradient". "state" is an
    optimizer's state: the first step allocates it, and it stays for later steps. All other kinds existed before (`born`
    is -1); a "label" is a loss's target. `host`: the storage lies in the CPU's memory.
    """

    nbytes: int
    itemsize: int
    kind: Literal["input", "parameter", "buffer", "constant", "label", "fresh", "gradient", "state"]
    born: int
    died: int | None
    host: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSpec:
    """A storage that autograd keeps from forward operator `op` until the backward pass has used it.

    `shape` and `dtype` describe the tensor that was saved first; `others` are further operators that saved it.
    """

    op: int
    storage: int
    shape: tuple[int, ...] = ()
    dtype: str = ""
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One complete run of a network, which can be counted again under other rules.

    `lines` are the source lines of the forward pass's operators, if requested. `like` is the kind of device that the
    run followed; on the meta device, the requested one.
    """

    ops: tuple[OpCall, ...]
    calls: tuple[ModuleCall, ...]
    modules: tuple[ModuleSpec, ...]
    params: tuple[ParamSpec, ...]
    buffers: tuple[ParamSpec, ...]
    storages: tuple[StorageSpec, ...]
    inputs: tuple[TensorSpec, ...]
    returns: tuple[TensorSpec, ...]
    device: str
    mode: str
    torch_version: str
    notes: tuple[str, ...] = field(default=())
    training: Training | None = None
    amp: MixedPrecision | None = None
    like: str = ""
    saved: tuple[SavedSpec, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def forward(self) -> tuple[OpCall, ...]:
        """The operators of the forward pass; they come first."""
        if not self.ops or self.ops[-1].phase == "forward":
            return self.ops
        return self.ops[: sum([op.phase == "forward" for op in self.ops])]
