"""The finished rows of a report: one `Layer` for each row under construction, from what the passes found."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from archcost.account.axes import describe_field
from archcost.account.parameters import Owned
from archcost.account.roles import role_of
from archcost.records import Layer
from archcost.rules.work import Slides

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from archcost.account.axes import Field
    from archcost.account.passes import Passes
    from archcost.account.rows import Row
    from archcost.records import TensorSpec

NO_WINDOW: tuple[Any, ...] = (None,) * 6
get_storage = attrgetter("storage")
WINDOWED = {"kernel_size", "weight"}  # an operator that slides a window has one of these arguments


def list_layers(passes: Passes, owned: Mapping[int, Owned]) -> list[Layer]:
    """Return the rows of the report; `owned` are the sums of parameters and buffers by row number."""
    nothing = Owned()
    described: dict[int, tuple[Any, Any]] = {}
    return [
        _finish_row(place, row, passes, owned.get(place, nothing), described) for place, row in enumerate(passes.rows)
    ]


def _finish_row(place: int, row: Row, passes: Passes, own: Owned, described: dict[int, tuple[Any, Any]]) -> Layer:
    """Return a finished row.

    `own` are the sums of its parameters and buffers. `described` are the descriptions of receptive fields by identity,
    because many rows share one.
    """
    macs, other_ops, macts, read_bytes, written_bytes, made_elements, made_bytes = _sum_operators(row, passes)
    names = [op.op for op in row.ops]
    depth, field, slides = _follow_operators(row, passes) if names else (*_follow_outputs(row, passes), False)
    if row.is_input:
        made_elements, made_bytes = _sum_input(row, passes)
    shapes, elements, nbytes = [], 0, 0
    for spec in row.outputs:
        count = spec.elements
        shapes.append(spec.shape)
        elements += count
        nbytes += count * passes.trace.storages[spec.storage].itemsize
    kernel, stride, padding, dilation, groups, transposed = _find_window(row, passes) if slides else NO_WINDOW
    if id(field) not in described:
        described[id(field)] = describe_field(field)
    sizes, jumps = described[id(field)]
    values = (  # in the order of the fields of `Layer`
        row.name,
        row.call,
        row.kind,
        row.module,
        row.inputs,
        tuple(shapes),
        _list_reads(place, row, passes) if names else (),
        tuple(names) if len(names) == 1 else tuple(dict.fromkeys(names)),
        role_of(row, passes.counted.rules, passes.kinds.found.normalising, passes.counted.products),
        kernel,
        stride,
        padding,
        dilation,
        groups,
        transposed,
        own.params,
        own.trainable_params,
        own.param_bytes,
        own.weights,
        own.buffers,
        macs,
        None if passes.backward is None else passes.backward[place],
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
        sizes,
        jumps,
    )
    return tuple.__new__(Layer, values)  # bypasses a slow constructor: see `archcost.walk.storages`


def _sum_operators(row: Row, passes: Passes) -> tuple[int, ...]:
    """Add up what a row's operators compute, move, and allocate for later use; one pass over them is quickest."""
    works, weighted, storages = passes.counted.works, passes.flow.weighted, passes.trace.storages
    macs = other_ops = macts = read_bytes = written_bytes = made_elements = made_bytes = 0
    for op in row.ops:
        index, inputs, work = op.index, op.inputs, works[op.index]
        macs += work.macs
        other_ops += work.other_ops
        if weighted[index] and not row.recurrent:
            macts += op.outputs[0].elements if work.layer_outputs is None else work.layer_outputs
        changed = {spec.storage: spec.nbytes for spec in inputs if spec.storage in op.written} if op.written else {}
        for spec in op.outputs:
            number = spec.storage
            storage = storages[number]
            if storage.born == index:
                if number in passes.read and number not in changed:
                    made_elements += storage.nbytes // storage.itemsize
                    made_bytes += storage.nbytes
                changed[number] = spec.nbytes
        written_bytes += sum(changed.values()) if work.written_bytes is None else work.written_bytes
        if work.read_bytes is not None:
            read_bytes += work.read_bytes
        elif changed or op.written:  # otherwise every result is a view of an argument
            for spec in inputs if len(inputs) == 1 else _list_distinct(inputs):
                read_bytes += spec.nbytes
    return macs, other_ops, macts, read_bytes, written_bytes, made_elements, made_bytes


def _follow_operators(row: Row, passes: Passes) -> tuple[int, Field | None, bool]:
    """Return the depth and the receptive field of a row's result, and whether one of its operators slides a window."""
    depth, field, slides = 0, None, False
    for op in row.ops:
        depth = max(depth, passes.flow.depths[op.index])
        field = passes.fields[op.index] or field
        slides = slides or isinstance(passes.counted.sights[op.index], Slides)
    return depth, field, slides


def _list_distinct(specs: tuple[TensorSpec, ...]) -> Collection[TensorSpec]:
    """Return tensors without those that are the same part of the same storage as another."""
    if len(set(map(get_storage, specs))) == len(specs):  # almost always
        return specs
    return {(spec.storage, spec.offset, spec.shape): spec for spec in specs}.values()


def _sum_input(row: Row, passes: Passes) -> tuple[int, int]:
    """Return the elements and bytes of the storages of an input, unless an earlier input shares them."""
    storages, elements, nbytes = passes.trace.storages, 0, 0
    first: dict[int, int] = {}
    for place, spec in enumerate(passes.trace.inputs):
        first.setdefault(spec.storage, place)
    for spec in row.outputs:
        if first[spec.storage] == row.call:
            storage = storages[spec.storage]
            elements += storage.nbytes // storage.itemsize
            nbytes += storage.nbytes
    return elements, nbytes


def _follow_outputs(row: Row, passes: Passes) -> tuple[int, Field | None]:
    """Return the depth and the receptive field of what a row without operators hands on."""
    depth, first = 0, None
    for spec in row.outputs:
        for source in spec.sources:
            if source >= 0:
                depth = max(depth, passes.flow.depths[source])
                first = source if first is None else first
    return depth, None if first is None else passes.fields[first]


def _find_window(row: Row, passes: Passes) -> tuple[Any, ...]:
    """Return the window of a row's only convolution or pool; operators on its weight or bias may join it.

    The columns are kernel, stride, padding, dilation, groups, and transposed.
    """
    rules, working = passes.counted.rules, row.ops
    if len(working) > 1:
        aside = passes.kinds.found.aside
        working = [op for op in working if (rule := rules[op.index]) is None or rule.why is None]
        working = [op for op in working if op.index not in aside] or working
    if len(working) != 1 or WINDOWED.isdisjoint(working[0].args):
        return NO_WINDOW
    sight = passes.counted.sights[working[0].index]
    if not isinstance(sight, Slides):
        return NO_WINDOW
    kernel, stride, padding, dilation, transposed = sight
    groups = working[0].args.get("groups")
    return kernel, tuple(map(int, stride)), tuple(map(int, padding)), dilation, groups, transposed


def _list_reads(place: int, row: Row, passes: Passes) -> tuple[int, ...]:
    """Return the rows whose results a row reads, in the order of its arguments (as of a concatenation)."""
    found: dict[int, None] = {}
    for op in row.ops:
        for spec in op.inputs:
            for source in spec.sources:
                read = -1 - source if source < 0 else passes.row_of.get(source)
                if read is None:
                    found |= _list_viewed(source, passes)
                else:
                    found[read] = None
    found.pop(place, None)
    return tuple(found)


def _list_viewed(source: int, passes: Passes) -> dict[int, None]:
    """Return the rows behind an operator without a row, which returns a view of its inputs, in their order."""
    found: dict[int, None] = {}
    sources, seen = [source], set()
    while sources:
        source = sources.pop()
        read = -1 - source if source < 0 else passes.row_of.get(source)
        if read is not None:
            found[read] = None
        elif source not in seen:
            seen.add(source)
            sources += reversed([each for spec in passes.trace.ops[source].inputs for each in spec.sources])
    return found
