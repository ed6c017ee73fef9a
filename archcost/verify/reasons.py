"""The reasons for differences of one operator: known properties of fvcore and of torch's counter.

A property counts as the reason only if the figures agree with it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from archcost import units
from archcost.records.opinions import OPAQUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records.opinions import Call, Step

# fvcore's handles for operations that archcost counts apart from multiply-adds: their kind, and the multiplied elements
EXTRAS = {
    "batch_norm": ("normalisation", "input"),
    "group_norm": ("normalisation", "input"),
    "layer_norm": ("normalisation", "input"),
    "instance_norm": ("normalisation", "input"),
    "adaptive_avg_pool2d": ("pooling", "input"),
    "upsample_nearest2d": ("interpolation", "output"),
    "upsample_bilinear2d": ("interpolation", "output"),
    "grid_sampler": ("interpolation", "output"),
}
PRODUCTS = ("matmul", "mm")
Part = tuple[int, str | None]  # multiply-adds, and the reason if there is one
COMPLEX = "complex numbers: archcost counts one as four real multiply-adds, {} as one"


def explain_fvcore(name: str, calls: Sequence[Call], theirs: int, skipped: Mapping[str, int]) -> list[Part]:
    """Return the parts of fvcore's difference for an operator.

    Args:
        name: the operator as the forward called it.
        calls: archcost's view of its calls.
        theirs: fvcore's count for all of them.
        skipped: the operators that fvcore has no handle for, with the number of calls.
    """
    ours = sum(call.macs for call in calls)
    if not theirs:
        return [(-ours, _explain_not_counted(name, skipped))]
    if not ours and name in EXTRAS:
        return [(theirs, _explain_extra(name, calls, theirs))]
    if not calls:
        return [(theirs, "the run did not call it, only fvcore's trace did: the network takes another path there")]
    if not any(step.covered for call in calls for step in call.steps):
        return [
            (theirs, f"archcost has no rule for {_qualify_name(name)}, called {_spell_times(len(calls))}: it counts 0")
        ]
    real = sum(_count_as_real(step) for call in calls for step in call.steps)
    reason = _explain_formula(name, calls, theirs)
    if theirs != real and reason is None:
        return [(theirs - ours, None)]
    return [(real - ours, COMPLEX.format("fvcore")), (theirs - real, reason)]


def _explain_not_counted(name: str, skipped: Mapping[str, int]) -> str:
    if name in skipped:
        return f"fvcore has no handle for {_qualify_name(name)}, called {_spell_times(skipped[name])}: it counts 0"
    opaque = [other for other in skipped if other.startswith(OPAQUE)]
    if opaque:
        return f"fvcore does not look into {', '.join(opaque)}: it counts 0"
    # everything in the trace has a handle with a count, or is among the skipped operators
    return "the trace that fvcore counts does not hold it: it counts 0"


def _explain_formula(name: str, calls: Sequence[Call], theirs: int) -> str | None:
    if name in PRODUCTS and theirs == sum(map(_count_unbroadcast, calls)):
        return (
            "fvcore multiplies the elements of the first operand by the last size of the second one; "
            f"batches that only the second one has are left out, as in {_spell_example(calls)}"
        )
    if name == "einsum":
        return "fvcore halves the figure that numpy.einsum_path prints: four digits, in an order of its own"
    return None


def explain_torch(name: str, steps: Sequence[Step]) -> str | None:
    """Return the reason why torch's counter differs for an operator of the dispatcher."""
    theirs = sum(step.torch or 0 for step in steps)
    if not any(step.known for step in steps):
        return f"torch has no formula for {name}, called {_spell_times(len(steps))}: it counts 0"
    if not any(step.covered for step in steps):
        return f"archcost has no rule for {name}, called {_spell_times(len(steps))}: it counts 0"
    if theirs == sum(map(_count_as_real, steps)):
        return COMPLEX.format("torch")
    return None


def _explain_extra(name: str, calls: Sequence[Call], theirs: int) -> str:
    what, side = EXTRAS[name]
    elements = sum(prod(call.inputs[0] if side == "input" else call.outputs[0]) for call in calls)
    each, rest = divmod(theirs, elements) if elements else (0, 1)
    figure = "" if rest else f", {units.number(each)} for each of {units.exact(elements)} {side} elements"
    others = sum(call.other_ops for call in calls)
    kept = f"keeps it under other ops ({units.exact(others)})" if others else "takes it for copying"
    return f"fvcore counts {what}{figure}; archcost {kept}"


def _count_unbroadcast(call: Call) -> int:
    first, second = call.inputs[:2]
    return prod(first) * second[-1]


def _spell_example(calls: Sequence[Call]) -> str:
    call = max(calls, key=lambda call: sum(map(_count_as_real, call.steps)) - _count_unbroadcast(call))
    return " by ".join(units.shape(sizes) for sizes in call.inputs[:2])


def _count_as_real(step: Step) -> int:
    return step.macs // 4 if step.complex else step.macs


def _qualify_name(name: str) -> str:
    return name if "::" in name else f"aten::{name}"


def _spell_times(calls: int) -> str:
    return "once" if calls == 1 else f"{units.exact(calls)} times"
