"""What one run of a network left behind: every operator, every module call, every storage.

Operators are numbered in the order of their execution. Where a tensor's value comes from is written as
operator numbers; the network's own inputs are the numbers -1, -2, ... (`INPUT - i` for the i-th), and a
parameter, a buffer or a constant comes from nowhere.

What a walk makes by the thousand is a named tuple: a frozen dataclass takes five times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records.precision import MixedPrecision
    from archcost.records.training import Training

INPUT = -1


class TensorSpec(NamedTuple):
    """One tensor as one operator saw it.

    `shape` as torch gives it (N, C, H, W for images). `nbytes` are the distinct bytes that it addresses: an
    expanded tensor has fewer than its elements suggest. `sources` are the operators whose results it holds. `stored` is
    the number of elements that a sparse tensor stores.
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
        """Number of elements that are there: of a sparse tensor those that it stores."""
        return self.elements if self.stored is None else self.stored


class OpCall(NamedTuple):
    """One operator of the dispatcher, `aten.convolution` for example.

    `args` are keyed by the names of the operator's schema, defaults filled in, tensors as `TensorSpec`.
    `written` are the storages of arguments that it changed in place.
    `module` is the number of the innermost module call, -1 outside of all. `forward_of` is, for an operator
    of the backward pass, the forward (or loss) operator whose gradient it computes.
    """

    index: int  # type: ignore[assignment] # tuple's own `index` is not missed
    order: int
    op: str
    args: Mapping[str, Any]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    written: tuple[int, ...]
    module: int
    phase: Literal["forward", "loss", "backward", "step"] = "forward"
    forward_of: int | None = None


class ModuleSpec(NamedTuple):
    """One module of the network; `path` is its name in `named_modules()`, "" for the network itself.

    `children` are those of a Sequential, in the order in which it calls them.
    """

    path: str
    kind: str
    leaf: bool
    recurrent: bool = False
    children: tuple[str, ...] = ()


class ModuleCall(NamedTuple):
    """One call of a module; `order` places it among the operators, `parent` is the calling module call.

    A leaf's call has the shapes of the tensors that it was given, and what it returned. `repeats`: it was given one
    tensor twice, as attention is that asks itself.
    """

    index: int  # type: ignore[assignment] # tuple's own `index` is not missed
    order: int
    path: str
    parent: int
    inputs: tuple[tuple[int, ...], ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    repeats: bool = False


class ParamSpec(NamedTuple):
    """One parameter or buffer tensor; a tensor that several modules share appears once, under its first name."""

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
        """Path of the module that owns it."""
        return self.name.rpartition(".")[0]


class StorageSpec(NamedTuple):
    """One block of memory: born while operator `born` ran, dead before operator `died` (None: alive at the end).

    `kind` "fresh" was allocated by an operator of the walk, and so was a parameter's "gradient". "state" is what an
    optimizer keeps from step to step: the first step allocates it, every later one finds it there. Everything else was
    there before (`born` is -1); "label" is what a loss compares the outputs with. `host`: it lies in the CPU's memory.
    """

    nbytes: int
    itemsize: int
    kind: Literal["input", "parameter", "buffer", "constant", "label", "fresh", "gradient", "state"]
    born: int
    died: int | None
    host: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSpec:
    """A storage that autograd keeps from forward operator `op` on, until the backward pass has used it.

    `shape` and `dtype` are those of the tensor that was saved first; `others` are operators that saved it, too.
    """

    op: int
    storage: int
    shape: tuple[int, ...] = ()
    dtype: str = ""
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One run of one network, complete: it can be saved, and counted again under other rules.

    `lines` are the source lines that ran the operators of the forward pass, where they were asked for.
    `like` is the kind of device whose choices it followed: on the meta device one that it was told.
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
