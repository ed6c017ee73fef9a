"""The finished rows of a report, computed column by column: one list for each field of `Layer`."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from archcost.account.axes import describe_jumps, describe_sizes
from archcost.account.counted_ops import count_layer_outputs
from archcost.account.depth import row_depth
from archcost.account.parameters import Owned
from archcost.account.roles import role_of
from archcost.records import Layer
from archcost.rules.work import Slides

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from archcost.account.axes import Field
    from archcost.account.passes import Passes
    from archcost.account.rows import Row

# the fields of `Layer` that are found together
PLAIN = ("name", "call", "kind", "module", "inputs")  # as the rows under construction have them
WINDOW = ("kernel", "stride", "padding", "dilation", "transposed", "groups")
OWNED = ("params", "trainable_params", "param_bytes", "weights", "buffers")
WORK = ("macs", "other_ops", "macts", "read_bytes", "written_bytes")
RESULTS = ("output_elements", "output_bytes", "activation_elements", "activation_bytes")
EXTENTS = ("receptive_field", "jump")
NO_WINDOW: tuple[Any, ...] = (None,) * len(WINDOW)
get_plain, get_owned, get_columns = attrgetter(*PLAIN), attrgetter(*OWNED), itemgetter(*Layer._fields)
WINDOWED = {"kernel_size", "weight"}  # an operator that slides a window has one of these arguments


def list_layers(passes: Passes, owned: Mapping[int, Owned]) -> list[Layer]:
    """Return the rows of the report; `owned` are the sums of parameters and buffers by row number."""
    rows, places = passes.rows, range(len(passes.rows))
    if not rows:
        return []
    rules, products, flow = passes.counted.rules, passes.counted.products, passes.flow
    normalising, backward, saved = passes.kinds.found.normalising, passes.backward, passes.saved
    nothing = Owned()
    columns: dict[str, Iterable[Any]] = {
        **_transpose(PLAIN, [get_plain(row) for row in rows]),
        "outputs": [tuple([spec.shape for spec in row.outputs]) for row in rows],
        "reads": [_list_reads(place, passes) for place in places],
        "operators": [tuple(dict.fromkeys([op.op for op in row.ops])) for row in rows],
        "role": [role_of(row, rules, normalising, products) for row in rows],
        **_transpose(WINDOW, [_find_window(row, passes) for row in rows]),
        **_transpose(OWNED, [get_owned(owned.get(place, nothing)) for place in places]),
        **_transpose(WORK, [_sum_work(row, passes) for row in rows]),
        "backward_macs": [None if backward is None else backward[place] for place in places],
        "saved_bytes": [saved.get(place, 0) if passes.trains else None for place in places],
        **_transpose(RESULTS, [_sum_results(row, passes) for row in rows]),
        "depth": [row_depth(row, flow) for row in rows],
        **_transpose(EXTENTS, _list_extents([_find_field(row, passes) for row in rows])),
    }
    # bypasses a slow constructor: see `archcost.walk.storages`
    return [tuple.__new__(Layer, values) for values in zip(*get_columns(columns), strict=True)]


def _transpose(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, Iterable[Any]]:
    """Return columns by name from the tuples of their values in each row."""
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _list_extents(fields: Sequence[Field | None]) -> list[tuple[Any, Any]]:
    """Return the sizes and jumps of fields, each computed once for all rows that share it: the columns `EXTENTS`."""
    shared = {id(field): field for field in fields}
    found = {key: (describe_sizes(field), describe_jumps(field)) for key, field in shared.items()}
    return [found[id(field)] for field in fields]


def _sum_work(row: Row, passes: Passes) -> tuple[int, ...]:
    """Add up the work of a row's operators: the columns `WORK`."""
    counted, weighted = passes.counted, passes.flow.weighted
    macs = other_ops = macts = read = written = 0
    for op in row.ops:
        work = counted.works[op.index]
        macs += work.macs
        other_ops += work.other_ops
        read_by_op, written_by_op = counted.count_traffic(op, work)
        read += read_by_op
        written += written_by_op
        if weighted[op.index] and not row.recurrent:
            macts += count_layer_outputs(op, work)
    return macs, other_ops, macts, read, written


def _sum_results(row: Row, passes: Passes) -> tuple[int, ...]:
    """Add up a row's outputs, and the storages that the row allocated for later use: the columns `RESULTS`."""
    storages = passes.trace.storages
    elements = nbytes = made_elements = made_bytes = 0
    for spec in row.outputs:
        count = spec.elements
        elements += count
        nbytes += count * storages[spec.storage].itemsize
    for number in _list_activations(row, passes):
        size, itemsize, *_ = storages[number]
        made_elements += size // itemsize
        made_bytes += size
    return elements, nbytes, made_elements, made_bytes


def _list_activations(row: Row, passes: Passes) -> Collection[int]:
    """Return the storages that a row allocates and that an operator reads or the network returns."""
    if row.is_input:
        first = {spec.storage: place for place, spec in reversed(list(enumerate(passes.trace.inputs)))}
        return [spec.storage for spec in row.outputs if first[spec.storage] == row.call]
    storages, read = passes.trace.storages, passes.read
    return {
        spec.storage
        for op in row.ops
        for spec in op.outputs
        if spec.storage in read and storages[spec.storage].born == op.index
    }


def _find_window(row: Row, passes: Passes) -> tuple[Any, ...]:
    """Return the columns `WINDOW` of a row's only convolution or pool; operators on its weight or bias may join it."""
    sights, rules = passes.counted.sights, passes.counted.rules
    if not any([isinstance(sights[op.index], Slides) for op in row.ops]):  # noqa: C419 - a list is quicker
        return NO_WINDOW
    aside = passes.kinds.found.aside
    working = [op for op in row.ops if (rule := rules[op.index]) is None or rule.why is None]
    counted = [op for op in working if op.index not in aside] or working
    if len(counted) != 1 or WINDOWED.isdisjoint(counted[0].args):
        return NO_WINDOW
    sight = sights[counted[0].index]
    if not isinstance(sight, Slides):
        return NO_WINDOW
    kernel, stride, padding, dilation, transposed = sight
    groups = counted[0].args.get("groups")
    return kernel, _whole(stride), _whole(padding), _whole(dilation), transposed, groups


def _whole(numbers: tuple[float, ...]) -> tuple[int, ...]:
    return tuple([int(number) for number in numbers])


def _find_field(row: Row, passes: Passes) -> Field | None:
    """Return the receptive field of a row's output; a row without operators has the field of its input."""
    if row.ops:
        seen = [field for op in row.ops if (field := passes.fields[op.index])]
        return seen[-1] if seen else None
    for spec in row.outputs:
        for source in spec.sources:
            if source >= 0:
                return passes.fields[source]
    return None


def _list_reads(place: int, passes: Passes) -> tuple[int, ...]:
    """Return the rows whose results a row reads, in the order of its arguments (as of a concatenation)."""
    sources = [source for op in passes.rows[place].ops for spec in op.inputs for source in spec.sources]
    sources.reverse()
    row_of = passes.row_of
    found: dict[int, None] = {}
    seen = set()
    while sources:
        source = sources.pop()
        if source < 0:
            found[-1 - source] = None
        elif source in row_of:
            found[row_of[source]] = None
        elif source not in seen:  # an operator without a row returns a view: follow its inputs
            seen.add(source)
            sources += reversed([s for spec in passes.trace.ops[source].inputs for s in spec.sources])
    found.pop(place, None)
    return tuple(found)
