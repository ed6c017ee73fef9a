"""describe_network(trace, report): the operators of a walk as steps that a page can repeat with other settings.

A step has a `kind`, which selects its arithmetic in `arithmetic.js`, the row of the report that it belongs to, and the
steps that it `reads`: step 3 is 3, the first input is -1, the second -2. What a step computes does not depend on its
operator's name but on its `Sight`, so every elementwise operator is one kind.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any, NoReturn

from archcost.account.counted_ops import CountedOps
from archcost.account.rows import rows_of
from archcost.errors import ArgumentError
from archcost.explore.changes import broadcast, describe_change
from archcost.explore.layers import Layers, mark_reductions
from archcost.rules.work import Contracts, Pointwise, Slides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import OpCall, Report, TensorSpec, Trace
    from archcost.rules.work import Sight

KNOWN = "convolutions, linear layers, pools, normalisations, activations, sums, products, concatenations, and padding"
MATRIX = 2  # axes
Step = dict[str, Any]


def describe_network(trace: Trace, report: Report) -> dict[str, Any]:
    """Return the layers with settings, the steps, and the returned steps of a walk.

    Args:
        trace: of the forward pass.
        report: of the same walk.

    Raises:
        ArgumentError: a page cannot repeat an operator; names the operator and its row, and what to type instead.
    """
    return _Describer(trace, report).describe()


class _Describer:
    def __init__(self, trace: Trace, report: Report) -> None:
        self.trace, self.report = trace, report
        counted = CountedOps(trace, {})
        self.rules, self.sights = counted.rules, counted.sights
        _, self.row_of = rows_of(trace, self.rules)
        self.params = {(spec.storage, spec.offset): spec for spec in trace.params}
        self.layers = Layers(report.layers, self.params)
        self.read = {spec.storage for op in trace.ops for spec in op.inputs} | {spec.storage for spec in trace.returns}
        self.constants: set[int] = set()  # operators that compute nothing from the inputs
        self.places: dict[int, int] = {}  # the step of an operator
        self.shapes: dict[int, tuple[int, ...]] = {}  # of steps and inputs
        self.used: set[tuple[int, int]] = set()  # parameters

    def describe(self) -> dict[str, Any]:
        inputs: list[Step] = []
        steps: list[Step] = []
        for number, spec in enumerate(self.trace.inputs):
            self.shapes[-1 - number] = spec.shape
            layer = self.layers.add_input(number, spec)
            inputs.append({"layer": layer, "row": number, "batch": spec.shape[:1], "bytes": self._itemsize(spec)})
        for op, sight in zip(self.trace.ops, self.sights, strict=True):
            if not any(map(self._is_data, op.inputs)):
                self._add_constant(op)
                continue
            self.places[op.index] = len(steps)
            self.shapes[len(steps)] = op.outputs[0].shape if op.outputs else ()
            steps.append(self._describe_step(op, sight))
        mark_reductions(self.layers.found, steps)
        rest = sum(spec.elements for place, spec in self.params.items() if place not in self.used)
        return {
            "layers": self.layers.found,
            "inputs": inputs,
            "steps": steps,
            "returns": [self._refer(spec, None) for spec in self.trace.returns if self._is_data(spec)],
            "rest": rest,
        }

    def _describe_step(self, op: OpCall, sight: Sight) -> Step:
        made = [spec for spec in op.outputs if self._is_kept(op, spec)]
        if len(made) > 1 or (made and made[0] is not op.outputs[0]):
            self._refuse(op, "returns several tensors that are used")
        data = [spec for spec in op.inputs if self._is_data(spec)]
        step = {
            "row": self.row_of.get(op.index),
            "reads": [self._refer(spec, op) for spec in data],
            "bytes": self._itemsize(made[0]) if made else 0,
            "changes": bool(op.outputs) and op.outputs[0].storage in op.written,
        }
        return step | self._describe_kind(op, sight, data)

    def _describe_kind(self, op: OpCall, sight: Sight, data: Sequence[TensorSpec]) -> Step:
        """Return the kind of a step and what its arithmetic needs."""
        single = len(data) == 1 and data[0] is op.inputs[0]
        step: Step | None = None
        match sight:
            case Slides() if single and {"weight", "groups"} <= op.args.keys():
                step = self._describe_convolution(op, sight)
            case Slides() if single and "kernel_size" in op.args:
                step = self._describe_pool(op, sight)
            case Contracts() if len(data) == 1 and "mat2" in op.args:
                step = self._describe_linear(op, data[0])
            case Pointwise() if "tensors" not in op.args and broadcast(data) == op.outputs[0].shape:
                step = self._describe_point(op)
        if step is None:
            step = describe_change(op, sight, data)
        if step is None:
            self._refuse(op)
        return step

    def _describe_convolution(self, op: OpCall, window: Slides) -> Step:
        weight, row = op.args["weight"], self.row_of[op.index]
        if len(op.inputs[0].shape) != len(window.kernel) + 2:
            self._refuse(op, "has an input without a batch")
        self._use(op, weight)
        biased = op.args.get("bias") is not None and self._use(op, op.args["bias"])
        layer = self.layers.add_convolution(row, op, window)
        return {"kind": "convolution", "layer": layer, "biased": biased, "channels": op.inputs[0].shape[1]}

    def _describe_pool(self, op: OpCall, window: Slides) -> Step:
        row = self.row_of[op.index]
        if self.report.layers[row].kernel is None:  # a part of another layer, such as a local normalisation
            own = Layers(self.report.layers, self.params)
            own.add_pool(row, op, window)
            return {"kind": "pool", "fixed": own.found[0]}
        return {"kind": "pool", "layer": self.layers.add_pool(row, op, window)}

    def _describe_linear(self, op: OpCall, data: TensorSpec) -> Step | None:
        weight, row = op.args["mat2"], self.row_of[op.index]
        bias = op.args.get("self") if op.args.get("self") is not data else None
        if weight is data or len(weight.shape) != MATRIX:
            return None
        self._use(op, weight)
        biased = bias is not None and self._use(op, bias)
        return {"kind": "linear", "layer": self.layers.add_linear(row, weight), "biased": biased}

    def _describe_point(self, op: OpCall) -> Step:
        """Describe an elementwise operator; a parameter has one element, or one for each place along an axis."""
        if len(op.args.get("normalized_shape", (1,))) > 1:
            self._refuse(op, "normalises over several axes")
        params = []
        for spec in op.inputs:
            if not self._is_data(spec):
                axis = self._find_axis(op, spec)
                if (spec.storage, spec.offset) in self.params and self._use(op, spec):
                    params.append({"name": self.params[spec.storage, spec.offset].name, "axis": axis})
        return {"kind": "point", "params": params, "parts": op.args.get("group", 1)}

    def _find_axis(self, op: OpCall, spec: TensorSpec) -> int | None:
        """Return the axis of a result that a parameter or constant runs along; None for a single element."""
        shape = op.outputs[0].shape
        rule = self.rules[op.index]
        if rule is not None and rule.role == "normalisation":
            axis = len(shape) - 1 if "normalized_shape" in op.args else 1
            longer = [0] if spec.shape == shape[axis : axis + 1] else [0, 0]
        else:
            longer = [place for place, size in enumerate(spec.shape) if size > 1]
            axis = len(shape) - len(spec.shape) + (longer or [0])[0]
        if len(longer) > 1 or (longer and shape[axis] != spec.elements):
            self._refuse(op, "has a weight of another shape")
        return axis if longer else None

    def _use(self, op: OpCall, spec: TensorSpec) -> bool:
        """Note that an operator uses a parameter."""
        place = (spec.storage, spec.offset)
        if place not in self.params or self.params[place].elements != spec.elements:
            self._refuse(op, "uses a part of a parameter, or computes its weights")
        self.used.add(place)
        return True

    def _add_constant(self, op: OpCall) -> None:
        if any(self._is_kept(op, spec) for spec in op.outputs):
            self._refuse(op, "does not depend on the input")
        self.constants.add(op.index)

    def _is_data(self, spec: TensorSpec) -> bool:
        return any(source < 0 or source in self.places for source in spec.sources)

    def _is_kept(self, op: OpCall, spec: TensorSpec) -> bool:
        """Whether an operator allocates a tensor that a later operator reads or the network returns."""
        return spec.storage in self.read and self.trace.storages[spec.storage].born == op.index

    def _itemsize(self, spec: TensorSpec) -> int:
        return self.trace.storages[spec.storage].itemsize

    def _refer(self, spec: TensorSpec, op: OpCall | None) -> int:
        """Return the number of the step or the input whose whole result a tensor is."""
        known = [self.places.get(source, source) for source in spec.sources if source not in self.constants]
        if len(known) != 1 or self.shapes.get(known[0]) != spec.shape or spec.dtype.startswith("complex"):
            self._refuse(op, "reads a part of a result")
        return known[0]

    def _refuse(self, op: OpCall | None, why: str = "") -> NoReturn:
        spec = quote(self.report.network.spec)
        whole = quote(self.report.network.spec.partition("::")[0])
        what = "the results" if op is None else f"{op.op} in {self._find_place(op)}"
        reason = f", which {why}" if why else ""
        raise ArgumentError(
            f"a page cannot repeat {what} of {spec}{reason}; it repeats {KNOWN}. `archcost draw {spec} -o x.html` "
            f"draws the network as it is, and `archcost explore {whole}::MODULE -o x.html` explores another part"
        )

    def _find_place(self, op: OpCall) -> str:
        """Return the row of an operator; of one that returns a view, and has no row, the module."""
        row = self.row_of.get(op.index)
        if row is not None and self.report.layers[row].name:
            return f"the row {self.report.layers[row].name}"
        path = self.trace.calls[op.module].path if op.module >= 0 else ""
        return f"the module {path}" if path else "the outermost module"
