"""The finished rows of a report: one `Layer` for each row under construction, from what the passes found."""

from __future__ import annotations

from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from archcost.account.axes import describe_field
from archcost.account.parameters import Owned
from archcost.account.roles import role_of
from archcost.records import Layer
from archcost.rules.work import Slides

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence, Set as AbstractSet

    from archcost.account.axes import Field
    from archcost.account.passes import Passes
    from archcost.account.rows import Row
    from archcost.records import OpCall, StorageSpec, TensorSpec
    from archcost.rules import Work

NO_SUMS = (0,) * 7
NO_WINDOW: tuple[Any, ...] = (None,) * 6
WINDOWED = {"kernel_size", "weight"}  # an operator that slides a window has one of these arguments
get_nbytes, get_storage = attrgetter("nbytes"), attrgetter("storage")
_new = tuple.__new__  # bypasses a slow constructor: see `archcost.walk.storages`


def list_layers(passes: Passes, owned: Mapping[int, Owned]) -> list[Layer]:
    """Return the rows of the report; `owned` are the sums of parameters and buffers by row number."""
    flow, works, sights, roles = passes.flow, passes.counted.works, passes.counted.sights, passes.roles
    storages, row_of, fields, backward = passes.trace.storages, passes.row_of, passes.fields, passes.backward
    calls: dict[str, int] = {}
    described: dict[int, tuple[Any, Any]] = {}  # descriptions of receptive fields by identity, because rows share them
    latest, (extents, jumps) = None, describe_field(None)
    owns_nothing = Owned()
    layers = []
    for place, row in enumerate(passes.rows):
        name, kind, module, _, inputs, outputs, recurrent, is_input, ops = row
        calls[name] = call = calls.get(name, -1) + 1
        window = NO_WINDOW
        if len(ops) == 1 and not recurrent:  # almost every row
            op = ops[0]
            index, operators = op.index, (op.op,)
            sums = _measure(op, works[index], storages, passes.read, weighted=index in flow.weighted)
            sources, role, depth, field = flow.sources[index], roles[index], flow.depths[index], fields.get(index)
            sight = sights[index]
            if isinstance(sight, Slides):
                window = _describe_window(op, sight)
        elif ops:
            operators = tuple(dict.fromkeys([op.op for op in ops]))
            sums = _sum_operators(row, passes)
            sources = tuple([source for op in ops for source in flow.sources[op.index]])
            role, window = role_of(row, roles, passes.counted.products), _find_window(row, passes)
            depth, field = _follow_operators(row, passes)
        else:
            operators, sources, role = (), (), role_of(row, roles, passes.counted.products)
            sums = (0, 0, *_sum_input(place, row, passes), 0, 0, 0) if is_input else NO_SUMS
            depth, field = _follow_outputs(row, passes)
        macs, other_ops, made_elements, made_bytes, macts, read_bytes, written_bytes = sums
        reads = dict.fromkeys(map(row_of.get, sources))
        if None in reads:
            reads = _list_viewed(sources, passes)
        reads.pop(place, None)
        shapes, elements, nbytes = [], 0, 0
        for spec in outputs:
            count = prod(spec.shape)
            shapes.append(spec.shape)
            elements += count
            nbytes += count * storages[spec.storage].itemsize
        if field is not latest:  # neighbours usually share one
            latest = field
            if id(field) not in described:
                described[id(field)] = describe_field(field)
            extents, jumps = described[id(field)]
        values = (  # in the order of the fields of `Layer`
            name,
            call,
            kind,
            module,
            inputs,
            tuple(shapes),
            tuple(reads),
            operators,
            role,
            *window,
            *owned.get(place, owns_nothing),
            macs,
            None if backward is None else backward[place],
            other_ops,
            elements,
            nbytes,
            made_elements,
            made_bytes,
            macts,
            read_bytes,
            written_bytes,
            passes.saved.get(place, 0) if passes.trains else None,
            depth,
            extents,
            jumps,
        )
        layers.append(_new(Layer, values))
    return layers


def _measure(
    op: OpCall, work: Work, storages: Sequence[StorageSpec], read: AbstractSet[int], *, weighted: bool
) -> tuple[int, ...]:
    """Return what one operator computes, moves, and allocates; `read` are the storages that are read later."""
    macs, other_ops, read_bytes, written_bytes, _, layer_outputs = work
    index, inputs, written = op.index, op.inputs, op.written
    made_elements = made_bytes = macts = 0
    changed = {}
    if written:
        for spec in inputs:
            if spec.storage in written:
                changed[spec.storage] = spec.nbytes
    for spec in op.outputs:
        number = spec.storage
        storage = storages[number]
        if storage.born == index:
            if number in read and number not in changed:
                made_elements += storage.nbytes // storage.itemsize
                made_bytes += storage.nbytes
            changed[number] = spec.nbytes
    if written_bytes is None:
        written_bytes = sum(changed.values())
    if read_bytes is None:
        if changed or written:
            read_bytes = sum(map(get_nbytes, inputs if len(inputs) == 1 else _list_distinct(inputs)))
        else:  # every result is a view of an argument
            read_bytes = 0
    if weighted:
        macts = op.outputs[0].elements if layer_outputs is None else layer_outputs
    return macs, other_ops, made_elements, made_bytes, macts, read_bytes, written_bytes


def _sum_operators(row: Row, passes: Passes) -> tuple[int, ...]:
    works, weighted = passes.counted.works, () if row.recurrent else passes.flow.weighted
    storages, read = passes.trace.storages, passes.read
    found = [_measure(op, works[op.index], storages, read, weighted=op.index in weighted) for op in row.ops]
    return tuple(map(sum, zip(*found, strict=True)))


def _follow_operators(row: Row, passes: Passes) -> tuple[int, Field | None]:
    """Return the depth and the receptive field of the result of a row's operators."""
    depth, field = 0, None
    for op in row.ops:
        depth = max(depth, passes.flow.depths[op.index])
        field = passes.fields.get(op.index) or field
    return depth, field


def _list_distinct(specs: tuple[TensorSpec, ...]) -> Collection[TensorSpec]:
    """Return tensors without those that are the same part of the same storage as another."""
    if len(set(map(get_storage, specs))) == len(specs):  # almost always
        return specs
    return {(spec.storage, spec.offset, spec.shape): spec for spec in specs}.values()


def _sum_input(place: int, row: Row, passes: Passes) -> tuple[int, int]:
    """Return the elements and bytes of the storages of an input, unless an earlier input shares them."""
    storages, elements, nbytes = passes.trace.storages, 0, 0
    earlier = {spec.storage for spec in passes.trace.inputs[:place]}
    for spec in row.outputs:
        if spec.storage not in earlier:
            storage = storages[spec.storage]
            elements += storage.nbytes // storage.itemsize
            nbytes += storage.nbytes
    return elements, nbytes


def _follow_outputs(row: Row, passes: Passes) -> tuple[int, Field | None]:
    """Return the depth and the receptive field of what a row without operators hands on."""
    sources = [source for spec in row.outputs for source in spec.sources if source >= 0]
    depth = max([passes.flow.depths[source] for source in sources], default=0)
    return depth, passes.fields.get(sources[0]) if sources else None


def _find_window(row: Row, passes: Passes) -> tuple[Any, ...]:
    """Return the window of a row's only convolution or pool; operators on its weight or bias may join it."""
    rules, aside = passes.counted.rules, passes.kinds.found.aside
    working = [op for op in row.ops if (rule := rules[op.index]) is None or rule.why is None]
    working = [op for op in working if op.index not in aside] or working
    sight = passes.counted.sights[working[0].index] if len(working) == 1 else None
    return _describe_window(working[0], sight) if isinstance(sight, Slides) else NO_WINDOW


def _describe_window(op: OpCall, sight: Slides) -> tuple[Any, ...]:
    """Return the columns of a convolution or a pool: kernel, stride, padding, dilation, groups, and transposed."""
    if WINDOWED.isdisjoint(op.args):
        return NO_WINDOW
    kernel, stride, padding, dilation, transposed = sight
    return kernel, tuple(map(int, stride)), tuple(map(int, padding)), dilation, op.args.get("groups"), transposed


def _list_viewed(sources: Sequence[int], passes: Passes) -> dict[int, None]:
    """Return the rows of sources in their order; behind an operator without a row, which returns a view, its inputs'.
    """
    found: dict[int, None] = {}
    waiting, seen = [*reversed(sources)], set()
    while waiting:
        source = waiting.pop()
        read = passes.row_of.get(source)
        if read is not None:
            found[read] = None
        elif source not in seen:
            seen.add(source)
            waiting += reversed(passes.flow.sources[source])
    return found
