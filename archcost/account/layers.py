"""The finished rows of a report: one `Layer` for each row under construction, from what the passes found."""

from __future__ import annotations

from itertools import repeat
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

NO_WINDOW: tuple[Any, ...] = (None,) * 6
WINDOWED = {"kernel_size", "weight"}  # an operator that slides a window has one of these arguments
get_shape = attrgetter("shape")


def list_layers(passes: Passes, owned: Mapping[int, Owned]) -> list[Layer]:
    """Return the rows of the report; `owned` are the sums of parameters and buffers by row number."""
    flow, moved, sights, roles = passes.flow, passes.moved, passes.counted.sights, passes.roles
    storages, row_of, fields, backward = passes.trace.storages, passes.row_of, passes.fields, passes.backward
    calls: dict[str, int] = {}
    described: dict[int, tuple[Any, Any]] = {}  # descriptions of receptive fields by identity, because rows share them
    latest, (extents, jumps) = None, describe_field(None)
    owns_nothing = Owned()
    values = []
    for place, row in enumerate(passes.rows):
        name, kind, module, _, inputs, outputs, recurrent, is_input, ops = row
        calls[name] = call = calls.get(name, -1) + 1
        window = NO_WINDOW
        if len(ops) == 1 and not recurrent:  # almost every row
            op = ops[0]
            index, operators = op.index, (op.op,)
            macs, other_ops, made_elements, made_bytes, macts, read_bytes, written_bytes = moved[index]
            sources, role, depth, field = flow.sources[index], roles[index], flow.depths[index], fields.get(index)
            sight = sights[index]
            if isinstance(sight, Slides):
                window = _describe_window(op, sight)
        elif ops:
            operators = tuple(dict.fromkeys([op.op for op in ops]))
            sums = map(sum, zip(*[moved[op.index] for op in ops], strict=True))
            macs, other_ops, made_elements, made_bytes, macts, read_bytes, written_bytes = sums
            if recurrent:
                macts = 0
            sources = tuple([source for op in ops for source in flow.sources[op.index]])
            role, window = role_of(row, roles, passes.counted.products), _find_window(row, passes)
            depth, field = _follow_operators(row, passes)
        else:
            operators, sources, role = (), (), role_of(row, roles, passes.counted.products)
            macs = other_ops = macts = read_bytes = written_bytes = 0
            made_elements, made_bytes = _sum_input(place, row, passes) if is_input else (0, 0)
            depth, field = _follow_outputs(row, passes)
        reads = dict.fromkeys(map(row_of.get, sources))
        if None in reads:
            reads = _list_viewed(sources, passes)
        reads.pop(place, None)
        shapes = tuple(map(get_shape, outputs))
        elements = sum(map(prod, shapes))
        if len(outputs) == 1:
            nbytes = elements * storages[outputs[0].storage].itemsize
        else:
            nbytes = sum([spec.elements * storages[spec.storage].itemsize for spec in outputs])
        if field is not latest:  # neighbours usually share one
            latest = field
            if id(field) not in described:
                described[id(field)] = describe_field(field)
            extents, jumps = described[id(field)]
        # in the order of the fields of `Layer`, for which `map` below bypasses a slow constructor
        named = name, call, kind, module, inputs, shapes, tuple(reads), operators, role
        counted = (
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
        values.append((*named, *window, *owned.get(place, owns_nothing), *counted))
    return list(map(tuple.__new__, repeat(Layer), values))


def _follow_operators(row: Row, passes: Passes) -> tuple[int, Field | None]:
    """Return the depth and the receptive field of the result of a row's operators."""
    depth, field = 0, None
    for op in row.ops:
        depth = max(depth, passes.flow.depths[op.index])
        field = passes.fields.get(op.index) or field
    return depth, field


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
