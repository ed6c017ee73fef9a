"""Formulas that users registered with torch's own counter, for operators without a rule in archcost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import torch

from archcost.records import OpCall, TensorSpec
from archcost.rules import Rule, Work, find
from archcost.rules.work import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def find_registered_formulas(ops: Iterable[OpCall]) -> dict[str, Rule]:
    """Return a rule for each operator of a walk that has a formula of `register_flop_formula` and no rule.

    A formula returns FLOPs, two for each multiply-add.
    """
    counter = sys.modules.get("torch.utils.flop_counter")
    if counter is None:  # nothing is registered
        return {}
    unknown = {op.op for op in ops if find(op.op) is None}
    if not unknown:
        return {}
    formulas = {
        packet._qualified_op_name.replace("::", "."): (packet, formula)  # noqa: SLF001
        for packet, formula in counter.flop_registry.items()
        if isinstance(packet, torch._ops.OpOverloadPacket)  # noqa: SLF001 - not a higher-order operator, which never dispatches
    }
    return {
        op: Rule(
            count=_count(*formulas[op]),
            sees=lambda _call: Unknown(),
            origin=f"register_flop_formula({op})",
            sight=Unknown.__name__,
        )
        for op in unknown & formulas.keys()
    }


def _count(packet: Any, formula: Callable[..., int]) -> Callable[[OpCall], Work]:
    overloads = [getattr(packet, name)._schema.arguments for name in packet.overloads()]  # noqa: SLF001

    def count(call: OpCall) -> Work:
        arguments = next(found for found in overloads if {argument.name for argument in found} == call.args.keys())
        positional, keywords = _as_called(call, arguments)
        results = tuple(_tensor(spec) for spec in call.outputs)
        flops = formula(*positional, **keywords, out_val=results[0] if len(results) == 1 else results)
        return Work(macs=flops // 2)

    return count


def _as_called(call: OpCall, arguments: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments as torch's counter passes them: in the schema's order, without default values."""
    given = [
        argument
        for argument in arguments
        if not argument.has_default_value() or call.args[argument.name] != _freeze(argument.default_value)
    ]
    positional = [argument.name for argument in arguments if not argument.kwarg_only]
    last = max((positional.index(argument.name) + 1 for argument in given if not argument.kwarg_only), default=0)
    return (
        [_tensor(call.args[name]) for name in positional[:last]],
        {argument.name: _tensor(call.args[argument.name]) for argument in given if argument.kwarg_only},
    )


def _freeze(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tensor(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        return torch.empty(value.shape, dtype=getattr(torch, value.dtype), device="meta")
    if isinstance(value, tuple):
        return [_tensor(item) for item in value]
    return value
