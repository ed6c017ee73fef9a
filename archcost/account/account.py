"""account(trace) -> Costs: every quantity that follows from the recorded walk alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from archcost.account import memory
from archcost.account.axes import Axis, Field
from archcost.account.counted_ops import CountedOps, count_layer_outputs
from archcost.account.depth import Flow, row_depth
from archcost.account.kinds import Kinds
from archcost.account.parameters import Owned, parameters_of
from archcost.account.receptive_field import receptive_fields
from archcost.account.roles import role_of
from archcost.account.rows import Row, rows_of
from archcost.account.saved import list_saved
from archcost.metrics import SUMS
from archcost.records import Costs, Layer, Totals, add_up
from archcost.rules.work import Slides

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from archcost.records import Trace
    from archcost.rules import Rule

NO_RULES: Mapping[str, Rule] = MappingProxyType({})
IN_ORDER = itemgetter(*Layer._fields)
WINDOWED = {"kernel_size", "weight"}  # an operator that slides a window has one of these arguments


def account(
    trace: Trace, more_rules: Mapping[str, Rule] = NO_RULES, *, timeline: bool = False, saved: bool = False
) -> Costs:
    """Add up the costs of a recorded walk.

    Args:
        trace: the recorded walk.
        more_rules: rules for operators that archcost does not cover, by operator name.
        timeline: add the live bytes at each operator.
        saved: add a list of the tensors that autograd keeps from the forward pass.

    Raises:
        RuleError: a rule failed on a recorded call.
    """
    counted = _Account(trace, more_rules)
    costs = counted.costs()
    if timeline:
        costs = replace(costs, timeline=memory.timeline(trace, counted.rows, counted.row_of))
    return replace(costs, saved=list_saved(trace, counted.rows, counted.row_of)) if saved else costs


def count_work(trace: Trace, more_rules: Mapping[str, Rule] = NO_RULES) -> list[int]:
    """Return the operations of each operator of a walk: two for each multiply-add, one for each other operation."""
    return [2 * work.macs + work.other_ops for work in CountedOps(trace, more_rules).works]


class _Account:
    def __init__(self, trace: Trace, more_rules: Mapping[str, Rule]) -> None:
        self.trace = trace
        self.counted = CountedOps(trace, more_rules)
        self.rules, self.works, self.sights = self.counted.rules, self.counted.works, self.counted.sights
        self.products = self.counted.products
        self.rows, self.row_of = rows_of(trace, self.rules)
        self.flow = Flow(trace, self.works, self.products, self.row_of)
        self.kinds = Kinds(trace, self.rules, self.sights, self.products, self.flow.from_data)
        self.fields = receptive_fields(trace, self.sights)
        self.extents: dict[int, tuple[Any, Any]] = {}
        self.trains = trace.training is not None
        self.backward = self._backward_macs() if self.trains else None
        self.saved = memory.sum_saved_bytes(trace, self.row_of)
        self.peak = memory.peak(trace, self.rows, self.row_of)
        self.read = {spec.storage for op in trace.ops if op.phase == "forward" for spec in op.inputs}
        self.read.update(spec.storage for spec in trace.returns)
        self.read -= memory.cast_parameters(trace)

    def costs(self) -> Costs:
        owned, elsewhere = parameters_of(self.rows, self.trace, self.row_of, self.kinds.weights())
        nothing_owned = Owned()
        layers = [self._layer(i, row, owned.get(i, nothing_owned)) for i, row in enumerate(self.rows)]
        kinds = {spec.path: spec.kind for spec in self.trace.modules}
        trained = dict.fromkeys(("backward_macs", "saved_bytes"), 0 if self.trains else None)
        nothing = dict.fromkeys(SUMS, 0) | trained  # the costs of a module that never ran, apart from its parameters
        layers += [
            Layer(
                name=path,
                call=None,
                kind=kinds.get(path, "Module"),
                module=path,
                inputs=(),
                outputs=(),
                role="other",
                **(nothing | asdict(sums)),
            )
            for path, sums in elsewhere.items()
        ]
        return Costs(
            layers=tuple(layers),
            totals=self._totals(layers),
            modules=kinds,
            operators=self.counted.sum_by_operator(),
            uncovered=self.counted.count_uncovered(),
            uncalled=self._uncalled(),
            lists=self._lists(),
            warnings=self._warnings(),
            peak=self.peak,
        )

    def _layer(self, place: int, row: Row, owned: Owned) -> Layer:
        """Return the finished row of the report."""
        window, groups = self._window(row)
        receptive_field, jump = self._extents(self._field(row))
        only = len(row.ops) == 1
        known = {
            "name": row.name,
            "call": row.call,
            "kind": row.kind,
            "module": row.module,
            "inputs": row.inputs,
            "outputs": tuple([spec.shape for spec in row.outputs]),
            "reads": self._reads(place, row),
            "operators": (row.ops[0].op,) if only else tuple(dict.fromkeys([op.op for op in row.ops])),
            "role": role_of(row, self.rules, self.kinds.found.normalising, self.products),
            "kernel": None if window is None else window.kernel,
            "stride": None if window is None else tuple([int(step) for step in window.stride]),
            "padding": None if window is None else tuple([int(places) for places in window.padding]),
            "dilation": None if window is None else tuple([int(step) for step in window.dilation]),
            "groups": groups,
            "transposed": None if window is None else window.transposed,
            "params": owned.params,
            "trainable_params": owned.trainable_params,
            "param_bytes": owned.param_bytes,
            "weights": owned.weights,
            "buffers": owned.buffers,
            "backward_macs": None if self.backward is None else self.backward[place],
            "saved_bytes": self.saved.get(place, 0) if self.trains else None,
            "depth": row_depth(row.ops, self.flow) if row.ops else self._depth_through(row),
            "receptive_field": receptive_field,
            "jump": jump,
            **self._work(row),
            **self._results(row),
        }
        return Layer._make(IN_ORDER(known))  # a named tuple is slow to construct from many keyword arguments

    def _work(self, row: Row) -> dict[str, int]:
        """Add up the work of a row's operators."""
        macs = other_ops = macts = read = written = 0
        for op in row.ops:
            work = self.works[op.index]
            macs += work.macs
            other_ops += work.other_ops
            read_by_op, written_by_op = self.counted.count_traffic(op, work)
            read += read_by_op
            written += written_by_op
            if self.flow.weighted[op.index] and not row.recurrent:
                macts += count_layer_outputs(op, work)
        return {
            "macs": macs,
            "other_ops": other_ops,
            "macts": macts,
            "read_bytes": read,
            "written_bytes": written,
        }

    def _results(self, row: Row) -> dict[str, int]:
        """Add up a row's outputs, and the storages that the row allocated for later use."""
        storages = self.trace.storages
        elements = nbytes = made_elements = made_bytes = 0
        for spec in row.outputs:
            count = spec.elements
            elements += count
            nbytes += count * storages[spec.storage].itemsize
        for number in self._activations(row):
            size, itemsize, *_ = storages[number]
            made_elements += size // itemsize
            made_bytes += size
        return {
            "output_elements": elements,
            "output_bytes": nbytes,
            "activation_elements": made_elements,
            "activation_bytes": made_bytes,
        }

    def _extents(self, field: Field | None) -> tuple[Any, Any]:
        """Return the sizes and jumps of a field, computed once for all rows that share it."""
        found = self.extents.get(id(field))
        if found is None:
            found = self.extents[id(field)] = _sizes(field), _jumps(field)
        return found

    def _activations(self, row: Row) -> Collection[int]:
        """Return the storages that a row allocates and that an operator reads or the network returns."""
        if row.is_input:
            first = {spec.storage: place for place, spec in reversed(list(enumerate(self.trace.inputs)))}
            return [spec.storage for spec in row.outputs if first[spec.storage] == row.call]
        storages, read = self.trace.storages, self.read
        return {
            spec.storage
            for op in row.ops
            for spec in op.outputs
            if spec.storage in read and storages[spec.storage].born == op.index
        }

    def _window(self, row: Row) -> tuple[Slides | None, int | None]:
        """Return window and groups of a row's only convolution or pool; operators on its weight or bias may join it."""
        if not any([isinstance(self.sights[op.index], Slides) for op in row.ops]):  # noqa: C419 - a list is quicker
            return None, None
        aside = self.kinds.found.aside
        working = [op for op in row.ops if (rule := self.rules[op.index]) is None or rule.why is None]
        counted = [op for op in working if op.index not in aside] or working
        if len(counted) == 1 and not WINDOWED.isdisjoint(counted[0].args):
            sight = self.sights[counted[0].index]
            if isinstance(sight, Slides):
                return sight, counted[0].args.get("groups")
        return None, None

    def _field(self, row: Row) -> Field | None:
        """Return the receptive field of a row's output; a row without operators has the field of its input."""
        seen = [field for op in row.ops if (field := self.fields[op.index])]
        if row.ops:
            return seen[-1] if seen else None
        for spec in row.outputs:
            for source in spec.sources:
                if source >= 0:
                    return self.fields[source]
        return None

    def _depth_through(self, row: Row) -> int:
        return max((self.flow.depth(spec) for spec in row.outputs), default=0)

    def _reads(self, place: int, row: Row) -> tuple[int, ...]:
        """Return the rows whose results a row reads, in the order of its arguments (as of a concatenation)."""
        sources = [source for op in row.ops for spec in op.inputs for source in spec.sources]
        sources.reverse()
        found: dict[int, None] = {}
        seen = set()
        while sources:
            source = sources.pop()
            if source < 0:
                found[-1 - source] = None
            elif source in self.row_of:
                found[self.row_of[source]] = None
            elif source not in seen:  # an operator without a row returns a view: follow its inputs
                seen.add(source)
                sources += reversed([s for spec in self.trace.ops[source].inputs for s in spec.sources])
        found.pop(place, None)
        return tuple(found)

    def _backward_macs(self) -> Counter[int]:
        """Count the multiply-adds of the backward pass by row."""
        by_row: Counter[int] = Counter()
        for op in self.trace.ops:
            if op.phase == "backward" and op.forward_of is not None and op.forward_of in self.row_of:
                by_row[self.row_of[op.forward_of]] += self.works[op.index].macs
        return by_row

    def _uncalled(self) -> tuple[str, ...]:
        """Return the leaf modules that were never called and whose parameters no operator read."""
        ran = {call.path for call in self.trace.calls}
        ran.update(tensor.module for tensor in self.trace.params if tensor.storage in self.read)
        return tuple(spec.path for spec in self.trace.modules if spec.leaf and spec.path not in ran)

    def _lists(self) -> tuple[str, ...]:
        """Return the modules that were never called, although a module inside them was."""
        ran = {call.path for call in self.trace.calls}
        inside = {path[:end] for path in ran for end, sign in enumerate(path) if sign == "."}
        return tuple(spec.path for spec in self.trace.modules if spec.path in inside - ran)

    def _warnings(self) -> tuple[str, ...]:
        causal = sum(bool(op.args.get("is_causal")) for op in self.trace.ops if op.phase == "forward")
        if not causal:
            return ()
        return (f"attention with a causal mask is counted dense (calls: {causal})",)

    def _totals(self, layers: Sequence[Layer]) -> Totals:
        fields = [f for spec in self.trace.returns for s in spec.sources if s >= 0 and (f := self.fields[s])]
        return Totals(
            **add_up(layers),
            gradient_bytes=memory.bytes_of_kind(self.trace, "gradient") if self.trains else None,
            optimizer_state_bytes=memory.bytes_of_kind(self.trace, "state") if self.trains else None,
            peak_inference_bytes=None if self.trains else self.peak.nbytes,
            peak_training_bytes=self.peak.nbytes if self.trains else None,
            peak_allocated_bytes=max(memory.live_bytes(self.trace, memory.CUDA_BLOCK)),
            depth=max((self.flow.depth(spec) for spec in self.trace.returns), default=0),
            receptive_field=_sizes(fields[0] if fields else None),
            layers=len(layers),
        )


def _sizes(field: Field | None) -> Any:
    if field is None:
        return None
    return tuple([axis.size if isinstance(axis, Axis) else "all" if axis == "all" else None for axis in field])


def _jumps(field: Field | None) -> Any:
    return None if field is None else tuple([axis.jump if isinstance(axis, Axis) else None for axis in field])
