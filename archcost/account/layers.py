"""The finished rows of a report: one `Layer` for each row under construction, from what the passes found."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from archcost.account.axes import describe_field
from archcost.account.moved import measure
from archcost.account.parameters import Owned
from archcost.account.roles import role_of
from archcost.records import Layer
from archcost.rules.work import Slides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.account.axes import Field
    from archcost.account.passes import Passes
    from archcost.account.rows import Row
    from archcost.records import OpCall

NO_WINDOW: tuple[Any, ...] = (None,) * 6


def list_layers(passes: Passes, owned: Mapping[int, Owned]) -> list[Layer]:
    """Return the rows of the report; `owned` are the sums of parameters and buffers by row number."""
    calls: dict[str, int] = {}
    owns_nothing = Owned()
    described: dict[int, tuple[Any, Any]] = {}
    finished = []
    for place, row in enumerate(passes.rows):
        calls[row.name] = call = calls.get(row.name, -1) + 1
        finished.append(_finish_row(place, row, call, passes, owned.get(place, owns_nothing), described))
    return finished


def _finish_row(
    place: int, row: Row, call: int, passes: Passes, own: Owned, described: dict[int, tuple[Any, Any]]
) -> Layer:
    """Return a finished row.

    `call` counts the rows of its name. `own` are the sums of its parameters and buffers. `described` are the
    descriptions of receptive fields by identity, because many rows share one.
    """
    ops, window = row.ops, NO_WINDOW
    operators: tuple[str, ...]
    sources: Sequence[int]
    if len(ops) == 1 and not row.recurrent:  # almost every row
        op = ops[0]
        index, operators = op.index, (op.op,)
        macs, other_ops, made_elements, made_bytes, macts, read_bytes, written_bytes = measure(index, passes)
        sources, role, depth = passes.reads.sources[index], passes.roles[index], passes.flow.depths[index]
        field, sight = passes.fields.get(index), passes.counted.sights[index]
        if isinstance(sight, Slides):
            window = _describe_window(op, sight)
    elif ops:
        operators = tuple(dict.fromkeys([op.op for op in ops]))
        sums = map(sum, zip(*[measure(op.index, passes) for op in ops], strict=True))
        macs, other_ops, made_elements, made_bytes, macts, read_bytes, written_bytes = sums
        if row.recurrent:
            macts = 0
        sources = [source for op in ops for source in passes.reads.sources[op.index]]
        role, window = role_of(row, passes.roles, passes.counted.products), _find_window(row, passes)
        depth, field = _follow_operators(row, passes)
    else:
        operators, sources, role = (), (), role_of(row, passes.roles, passes.counted.products)
        macs = other_ops = macts = read_bytes = written_bytes = 0
        made_elements, made_bytes = _sum_input(place, row, passes) if row.is_input else (0, 0)
        depth, field = _follow_outputs(row, passes)
    shapes: tuple[tuple[int, ...], ...] = ()
    elements = nbytes = 0
    for spec in row.outputs:
        shape = spec.shape
        count = prod(shape)
        shapes += (shape,)
        elements += count
        nbytes += count * passes.trace.storages[spec.storage].itemsize
    if id(field) not in described:
        described[id(field)] = describe_field(field)
    sizes, jumps = described[id(field)]
    kernel, stride, padding, dilation, groups, transposed = window
    values = (  # in the order of the fields of `Layer`
        row.name,
        call,
        row.kind,
        row.module,
        row.inputs,
        shapes,
        _list_reads(place, sources, passes) if sources else (),
        operators,
        role,
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
    return tuple.__new__(Layer, values)  # bypasses the constructor of named tuples, a slow function


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
    args = op.args
    if "weight" not in args and "kernel_size" not in args:
        return NO_WINDOW
    kernel, stride, padding, dilation, transposed = sight
    # a user's rule may return the whole numbers of a stride as floats
    return kernel, tuple(map(int, stride)), tuple(map(int, padding)), dilation, args.get("groups"), transposed


def _list_reads(place: int, sources: Sequence[int], passes: Passes) -> tuple[int, ...]:
    """Return the rows whose results a row reads, in the order of its arguments (as of a concatenation)."""
    row_of = passes.row_of
    if len(sources) == 1 and sources[0] in row_of:  # usually
        read = row_of[sources[0]]
        return () if read == place else (read,)
    found: dict[int, None] = {}
    for source in sources:
        if source in row_of:
            found[row_of[source]] = None
        else:
            found |= _list_viewed(source, passes)
    found.pop(place, None)
    return tuple(found)


def _list_viewed(source: int, passes: Passes) -> dict[int, None]:
    """Return the rows behind an operator without a row, which returns a view of its inputs, in their order."""
    found: dict[int, None] = {}
    sources, seen = [source], set()
    while sources:
        source = sources.pop()
        if source in passes.row_of:
            found[passes.row_of[source]] = None
        elif source not in seen:
            seen.add(source)
            sources += reversed(passes.reads.sources[source])
    return found
