"""The storages of a walk by number, and the descriptions of the tensors in them.

A live storage is identified by its address. A tensor is identified by its place in the storage (offset, shape,
strides), so that the operators that computed it are found through views and after in-place writes to any part of the
storage.
"""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any, Literal

import torch

from archcost.errors import WalkError
from archcost.records import StorageSpec, TensorSpec
from archcost.walk.tensors import innermost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.walk.repeats import New

SPARSE = {torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc}
KEPT = {"parameter", "buffer"}  # the network holds them throughout, so their death is not recorded


class Storage(StorageSpec):
    """A storage's record in the trace, with what the walk needs to know of it besides.

    `spec` describes the tensor at `place`, and `others` the tensors at other places; both are valid until the next
    operator returns or writes a tensor here. `values` are the operators (or inputs of the network) that computed the
    tensors, by place, if not `born`; `writes` are the operators that wrote into any part of the storage.
    """

    __slots__ = ("meta", "number", "others", "place", "spec", "values", "writes")

    kind: Any  # during the walk also "lifted"

    def __init__(
        self, number: int, nbytes: int, itemsize: int, kind: Any, born: int, *, meta: bool, host: bool = False
    ) -> None:
        self.number = number
        self.nbytes = nbytes
        self.itemsize = itemsize
        self.kind = kind
        self.born = born
        self.meta = meta
        self.host = host
        self.died = None
        self.place: Any = None
        self.spec: Any = None
        # almost all storages hold one tensor without in-place writes
        self.others: dict[Any, TensorSpec] | None = None
        self.writes: list[int] | None = None
        self.values: dict[Any, int] | None = None

    def sources(self, place: Any) -> tuple[int, ...]:
        """Return the operators whose results are at a place: its creator, and later writers."""
        value = self.born if self.born >= 0 else None
        if self.values is not None:
            value = self.values.get(place, value)
        if self.writes is not None and self.writes[-1] > (-1 if value is None else value):
            since = tuple(index for index in self.writes if value is None or index > value)
            return since if value is None else (value, *since)
        return () if value is None else (value,)


class Storages:
    """All storages of a walk; `operators` is its growing list of recorded operators."""

    def __init__(self, operators: Sequence[Any]) -> None:
        self._operators = operators
        self.seen: list[Storage] = []  # by number
        self._alive: dict[int, Storage] = {}
        self._references: dict[int, tuple[weakref.ref[Any], int, Storage]] = {}
        self._dead: list[weakref.ref[Any]] = []  # since the last call of `bury`
        self._kept: list[Any] = []
        self._located: int | None = None  # the address of the storage that was located last, if its tensor owns it
        self._latest: Callable[[], torch.Tensor | None] = _nothing  # the tensor that an operator returned last
        self._latest_spec: Any = None
        self._latest_address: int | None = None  # of its storage, if the operator allocated it
        self._known: dict[int, Any] = {}
        self._known_numbers: dict[int, Any] = {}
        self.unregistered: list[weakref.ref[torch.Tensor]] = []  # trainable, but not parameters of the network

    @property
    def specs(self) -> tuple[StorageSpec, ...]:
        """Every storage, by number."""
        self.bury()
        return tuple(self.seen)

    def find(self, tensor: torch.Tensor, kind: str) -> Storage:
        """Return a tensor's storage; a new storage is registered with `kind`.

        Raises:
            WalkError: the tensor has no storage.
        """
        if self._dead:
            self.bury()
        try:
            plain = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError) as error:
            return self._find_hidden(tensor, kind, error)
        address = plain._cdata
        return self._alive.get(address) or self._new(tensor, plain, address, kind)

    def describe(self, tensor: torch.Tensor, kind: str = "constant") -> TensorSpec:
        """Describe a tensor in its current state; a new storage is registered with `kind`."""
        # The next operator and the module describe most results again. No view of a new storage exists before another
        # operator runs, so only `tensor.data = other` could have changed the result, and that changes the address.
        known = self._latest_address is not None and self._latest() is tensor
        if known and tensor.untyped_storage()._cdata == self._latest_address:
            return self._latest_spec  # type: ignore[no-any-return]
        storage, place = self._locate(tensor, kind)
        if storage.place == place:  # almost always
            return storage.spec  # type: ignore[no-any-return]
        if storage.place is None:
            storage.place = place
            storage.spec = spec = _spec(tensor, storage.number, place, storage.sources(place))
            return spec
        if storage.others is None:
            storage.others = {}
        found = storage.others.get(place)
        if found is None:
            found = storage.others[place] = _spec(tensor, storage.number, place, storage.sources(place))
        return found

    def hold(self, tensors: list[torch.Tensor], kind: Literal["parameter", "buffer"]) -> list[TensorSpec]:
        """Describe tensors that the network holds; to ask all of them for one property at a time is quicker."""
        metas = [each.is_meta for each in tensors]
        unusual, hosts = False, [False] * len(tensors)
        if not all(metas):
            unusual, hosts = any([each._is_zerotensor() for each in tensors]), [each.is_cpu for each in tensors]  # noqa: C419
        try:
            plain, shapes = [each.untyped_storage() for each in tensors], [tuple(each.shape) for each in tensors]
        except (NotImplementedError, RuntimeError):  # one is sparse or nested
            unusual = True
        if unusual:
            return [self.describe(each, kind) for each in tensors]
        found = zip(
            tensors,
            plain,
            metas,
            hosts,
            shapes,
            [each._cdata for each in plain],
            [each.nbytes() for each in plain],
            [each.element_size() for each in tensors],
            [each.storage_offset() for each in tensors],
            [each.stride() for each in tensors],
            [each.dtype for each in tensors],
            [each.nbytes for each in tensors],
            strict=True,
        )
        specs: list[TensorSpec] = []
        for tensor, whole, meta, host, shape, address, size, itemsize, offset, strides, dtype, nbytes in found:
            if address in self._alive or 0 in strides:
                specs.append(self.describe(tensor, kind))
                continue
            self._alive[address] = new = Storage(len(self.seen), size, itemsize, kind, -1, meta=meta, host=host)
            self.seen.append(new)
            self._kept.append(whole)
            if address in self._known:
                self._known_numbers[new.number] = self._known[address]
            new.place = offset, shape, strides, dtype
            new.spec = TensorSpec(shape, dtype_name(dtype), new.number, offset, nbytes)
            specs.append(new.spec)
        return specs

    def made(self, tensor: torch.Tensor, by: int, kind: str = "fresh") -> TensorSpec:
        """Describe a tensor that operator `by` has just returned, or an input of the network (`by` is negative)."""
        if by >= 0 and self._latest() is tensor and self._latest_spec.sources == (by,):  # an in-place operator's result
            return self._latest_spec  # type: ignore[no-any-return]
        return self._made(*self._locate(tensor, kind), tensor, by)

    def _made(self, storage: Storage, place: Any, tensor: torch.Tensor, by: int) -> TensorSpec:
        if by != storage.born or by < 0:
            storage.values = storage.values or {}
            storage.values[place] = by
        storage.place, storage.others = place, None
        storage.spec = spec = _spec(tensor, storage.number, place, (by,))
        if by >= 0:
            self._latest, self._latest_spec = weakref.ref(tensor), spec
            self._latest_address = self._located if by == storage.born else None
        return spec

    def _locate(self, tensor: torch.Tensor, kind: str) -> tuple[Storage, Any]:
        """Return a tensor's storage, and its place there; a sparse tensor shares its storages with no other."""
        if self._dead:
            self.bury()
        try:
            plain = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError) as error:
            self._located = None
            storage = self._find_hidden(tensor, kind, error)
            if tensor.layout is not torch.strided:
                return storage, (0, tensor.shape, None, tensor.dtype)
        else:
            self._located = address = plain._cdata
            storage = self._alive.get(address) or self._new(tensor, plain, address, kind)
        return storage, (tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype)

    def _find_hidden(self, tensor: torch.Tensor, kind: str, error: Exception) -> Storage:
        """Return the storage of a tensor without one of its own: it is sparse, or it wraps another tensor.

        Raises:
            WalkError: there is no such storage; caused by `error`.
        """
        if innermost(tensor) is not tensor:  # a torch.func wrapper, as autograd saves it
            return self.find(innermost(tensor), kind)
        if tensor.layout in SPARSE and not tensor.is_meta:
            with torch._C._DisableTorchDispatch():
                return self._of_sparse(tensor, kind)
        raise _unaccountable(tensor) from error

    def wrote(self, tensor: torch.Tensor, by: int) -> int:
        """Record that operator `by` has just written into a tensor; return the number of its storage."""
        storage, place = self._locate(tensor, "constant")
        storage.writes = storage.writes or []
        storage.writes.append(by)
        self._made(storage, place, tensor, by)
        return storage.number

    def filled(self, spec: TensorSpec) -> Storage | None:
        """Return the storage of a described tensor if the last recorded operator allocated it for this tensor alone."""
        storage = self.seen[spec.storage]
        new = storage.meta and storage.born == len(self._operators) - 1 and storage.spec is spec and not spec.offset
        return storage if new and storage.nbytes == spec.nbytes else None

    def made_again(self, tensor: torch.Tensor, by: int, new: New) -> TensorSpec:
        """Describe a new tensor that operator `by` has just returned, from what is known of its form."""
        plain, (_, place, shape, nbytes, itemsize, dtype) = tensor.untyped_storage(), new
        storage = Storage(len(self.seen), nbytes, itemsize, "fresh", by, meta=True)
        self._latest_address = address = plain._cdata
        self._register(storage, plain, address)
        storage.place = place
        storage.spec = spec = TensorSpec(shape, dtype, storage.number, 0, nbytes, (by,))
        self._latest, self._latest_spec = weakref.ref(tensor), spec
        return spec

    def wrote_again(self, tensor: torch.Tensor, by: int, spec: TensorSpec) -> TensorSpec:
        """Describe a tensor that operator `by` has just written into, in its old form: `spec` is from before."""
        storage = self.seen[spec.storage]
        storage.writes = storage.writes or []
        storage.writes.append(by)
        storage.values = storage.values or {}
        storage.values[storage.place], storage.others = by, None
        new = TensorSpec(spec.shape, spec.dtype, spec.storage, spec.offset, spec.nbytes, (by,), spec.stored)
        storage.spec = self._latest_spec = new
        if self._latest() is not tensor:  # otherwise it is still the only tensor in its storage
            self._latest, self._latest_address = weakref.ref(tensor), None
        return new

    def recognise(self, by_address: dict[int, Any], by_number: dict[int, Any]) -> None:
        """Copy entries of `by_address` to `by_number` when their storages are numbered."""
        self._known, self._known_numbers = by_address, by_number

    def alias(self, tensor: torch.Tensor, other: torch.Tensor) -> None:
        """Register a tensor as part of another tensor's storage, as if both were on one device."""
        plain = tensor.untyped_storage()
        self._alive[plain._cdata] = shared = self.find(other, "constant")
        shared.meta = False
        self._kept.append(plain)

    def _of_sparse(self, tensor: torch.Tensor, kind: str) -> Storage:
        """Return the storage of a sparse tensor's values, which also counts the bytes of its indices."""
        values = _values(tensor)
        known = self._alive.get(values.untyped_storage()._cdata)
        if known is None:
            plain = values.untyped_storage()
            known = self._new(values, plain, plain._cdata, kind)
            known.nbytes = sum(part.untyped_storage().nbytes() for part in _components(tensor))
        return known

    def _new(self, tensor: torch.Tensor, plain: Any, address: int, kind: str) -> Storage:
        if tensor.is_nested:  # a nested tensor has a storage, but neither a shape nor strides
            raise _unaccountable(tensor)
        born = len(self._operators) if kind in {"fresh", "gradient"} else -1
        nbytes = 0 if tensor._is_zerotensor() else plain.nbytes()  # torch's zero tensors have no memory
        meta = tensor.is_meta
        host = not meta and tensor.is_cpu
        new = Storage(len(self.seen), nbytes, tensor.element_size(), kind, born, meta=meta, host=host)
        if kind == "constant" and tensor.requires_grad and tensor.is_leaf:
            self.unregistered.append(weakref.ref(tensor))
        if born < 0 and address in self._known:
            self._known_numbers[new.number] = self._known[address]
        if kind in KEPT:
            self.seen.append(new)
            self._alive[address] = new
            self._kept.append(plain)
        else:
            self._register(new, plain, address)
        return new

    def _register(self, new: Storage, plain: Any, address: int) -> None:
        self.seen.append(new)
        self._alive[address] = new
        # Python swallows an interrupt in the callback of a weak reference; a builtin method cannot be interrupted
        reference = weakref.ref(plain, self._dead.append)
        self._references[id(reference)] = (reference, address, new)

    def alive(self, *, kept: bool) -> list[weakref.ref[Any]]:
        """Return weak references to the live storages; with `kept`, including the network's own."""
        own = [weakref.ref(storage) for storage in self._kept] if kept else []
        return [reference for reference, _, _ in self._references.values()] + own

    def bury(self) -> None:
        """Record the deaths since the last recorded operator; to be called before anything else is recorded."""
        while self._dead:
            _, address, storage = self._references.pop(id(self._dead.pop()))
            storage.died = len(self._operators)
            del self._alive[address]


def _nothing() -> None:
    """Stand for a weak reference to a tensor before any exists."""


@functools.cache
def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a dtype without "torch."."""
    return str(dtype).removeprefix("torch.")


def _values(tensor: torch.Tensor) -> torch.Tensor:
    return tensor._values() if tensor.layout is torch.sparse_coo else tensor.values()


def _components(tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the index and value tensors of a sparse tensor."""
    if tensor.layout is torch.sparse_coo:
        return tensor._indices(), tensor._values()
    if tensor.layout in {torch.sparse_csr, torch.sparse_bsr}:
        return tensor.crow_indices(), tensor.col_indices(), tensor.values()
    return tensor.ccol_indices(), tensor.row_indices(), tensor.values()


def _spec(tensor: torch.Tensor, storage: int, place: Any, sources: tuple[int, ...]) -> TensorSpec:
    offset, shape, strides, dtype = place
    if strides is None:
        parts, values = _components(tensor), _values(tensor)
        nbytes = sum(part.nbytes for part in parts)
        return TensorSpec(tuple(shape), dtype_name(dtype), storage, 0, nbytes, sources, values.numel())
    # a dimension with stride 0 adds no distinct bytes
    nbytes = _distinct_bytes(tensor) if 0 in strides else tensor.nbytes
    return TensorSpec(tuple(shape), dtype_name(dtype), storage, int(offset), nbytes, sources)


def _distinct_bytes(tensor: torch.Tensor) -> int:
    elements = tensor.numel()
    if elements:
        for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
            if stride == 0:
                elements //= size
    return elements * tensor.element_size()


def _unaccountable(tensor: torch.Tensor) -> WalkError:
    layout = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
    return WalkError(
        f"a {layout} tensor of {dtype_name(tensor.dtype)} has no plain storage, so its memory cannot be accounted "
        "for; archcost counts networks on strided tensors"
    )
