"""One run that archcost and torch's own counter observe together, operator by operator."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from archcost.errors import WalkError, first_line
from archcost.profiling.formulas import find_registered_formulas
from archcost.records.opinions import Call, Shapes, Step
from archcost.rules import find
from archcost.walk.modes import set_mode
from archcost.walk.parts import Parts
from archcost.walk.recorder import Recorder
from archcost.walk.state import as_found
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from archcost.records import OpCall

# fvcore's trace records the steps of these, not the operators themselves
TRANSPARENT = {"lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"}
CONVOLUTIONS = {
    "convolution", "_convolution", *(f"conv{n}d" for n in (1, 2, 3)), *(f"conv_transpose{n}d" for n in (1, 2, 3)),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The calls of one run, and the reason if torch's counter is missing."""

    calls: tuple[Call, ...]
    torch_failure: str | None = None
    notes: tuple[str, ...] = ()


def observe(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, device: str) -> Sighting:
    """Run a network in eval mode and return its calls.

    Under inference_mode, whole functions reach the dispatcher, as the forward called them; a network that refuses it
    runs under no_grad, which shows only their steps.

    The caller wraps it in `run_undisturbed`.

    Raises:
        WalkError: the network fails with and without torch's counter.
    """
    notes: tuple[str, ...] = ()
    failure: str | None = None
    for inference in (True, False):
        failure = None
        for counted in (True, False):
            try:
                calls = _run(module, args, kwargs, device=device, inference=inference, counted=counted)
            except Exception as error:  # noqa: BLE001 - a network and a formula may raise anything
                failure = failure or describe_error(error)
            else:
                return Sighting(calls=calls, torch_failure=failure, notes=notes)
        notes = (f"it refuses torch.inference_mode ({failure}), so operators are named as the dispatcher sees them",)
    raise WalkError(f"the network failed: {failure}")


def describe_error(error: BaseException) -> str:
    """Return the type of an error and the first line of its message."""
    text = first_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _run(
    module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, device: str, inference: bool, counted: bool
) -> tuple[Call, ...]:
    recorder = Recorder()
    counter = FlopCounterMode(display=False) if counted else None
    caller = _Caller(recorder, counter)
    with ExitStack() as stack:
        stack.enter_context(as_found(Parts(module)))
        set_mode(module, training=False)
        stack.enter_context(torch.inference_mode() if inference else torch.no_grad())
        if device == "meta":
            stack.enter_context(torch.device(device))
        for mode in (recorder, counter, caller):  # the operator passes them in the opposite order
            if mode is not None:
                stack.enter_context(mode)
        module(*args, **kwargs)
    formulas = find_registered_formulas(recorder.ops)
    return tuple(
        Call(
            operator=call.operator,
            inputs=call.inputs,
            outputs=call.outputs,
            steps=tuple(_build_step(op, find(op.op, formulas), known, flops) for op, known, flops in call.steps),
        )
        for call in caller.calls
    )


def _build_step(op: OpCall, rule: Any, known: bool, flops: int | None) -> Step:
    work = None if rule is None else rule.count(op)
    return Step(
        operator=op.op,
        macs=0 if work is None else work.macs,
        other_ops=0 if work is None else work.other_ops,
        covered=work is not None,
        complex=all(spec.dtype.startswith("complex") for spec in op.inputs),
        known=known,
        torch=None if flops is None else flops // 2,
    )


@dataclass(slots=True)
class _Open:
    """One call while it runs; each step has a flag for torch's counter and its FLOPs."""

    operator: str
    inputs: Shapes
    outputs: Shapes = ()
    steps: list[tuple[OpCall, bool, int | None]] = field(default_factory=list)


class _Caller(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Decompose whole functions and record the function of each step."""

    def __init__(self, recorder: Recorder, counter: FlopCounterMode | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[_Open] = []
        self._recorder = recorder
        self._counter = counter
        self._open: _Open | None = None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator as a step of the current function, or as a function of its own."""
        del types
        kwargs = kwargs or {}
        name = _name_function(func)
        if self._open is not None or name in TRANSPARENT:
            return self._run(func, args, kwargs)
        call = self._open = _Open(name, _read_shapes((args, kwargs)))
        try:
            result = self._run(func, args, kwargs)
        finally:
            self._open = None
        call.outputs = _read_shapes(result)
        self.calls.append(call)
        return result

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"):  # noqa: SLF001
            with self:
                return func.decompose(*args, **kwargs)
        start = len(self._recorder.ops)
        before = self._flops()
        result = func(*args, **kwargs)
        if self._open is not None:
            after = self._flops()
            for op in self._recorder.ops[start:]:
                flops = None if before is None or after is None else after - before
                self._open.steps.append((op, self._knows(func), flops))
        return result

    def _flops(self) -> int | None:
        return None if self._counter is None else self._counter.get_total_flops()

    def _knows(self, func: Any) -> bool:
        return self._counter is not None and func._overloadpacket in self._counter.flop_registry  # noqa: SLF001


def _name_function(func: Any) -> str:
    schema = func._schema  # noqa: SLF001
    name = str(schema.name).removeprefix("aten::")
    if name in CONVOLUTIONS:
        return "_convolution_mode" if schema.overload_name == "padding" else "convolution"
    return name


def _read_shapes(value: Any) -> Shapes:
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - reading a shape is not the network's business
        return tuple(tuple(tensor.shape) for tensor in find_tensors(value))
