"""The workspace of libraries, which no walk can see: from a measured peak to a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.account.memory import bytes_of_kind
from archcost.account.replay import replay
from archcost.records import Workspace

if TYPE_CHECKING:
    from archcost.records import Sample, Trace


def find_measured(network: str, trace: Trace, sample: Sample) -> Workspace | None:
    """Return the workspace of libraries in a timed network: its measured peak less the blocks of its tensors.

    None if no peak was measured, or if a compiler replaced the tensors of the walk.
    """
    held = None if sample.memory is None or sample.plan.compiled else replay(trace)
    if sample.memory is None or held is None:
        return None
    beside = sample.memory.allocated_bytes - held.allocated_bytes
    return Workspace(
        device=sample.conditions.device,
        driver=sample.conditions.driver,
        torch=sample.conditions.torch,
        network=network,
        run=describe_run(trace),
        batch=sample.images,
        nbytes=max(beside, sample.memory.workspace_bytes or 0),
    )


def describe_run(trace: Trace) -> str:
    """Describe a network's run without its batch size; the text differs for a changed network."""
    inputs = [f"{units.shape(spec.shape[1:])}:{spec.dtype}" for spec in trace.inputs]
    parts = (trace.mode, trace.training, trace.amp, *inputs, f"{bytes_of_kind(trace, 'parameter')} B of parameters")
    return ", ".join(str(part) for part in parts if part is not None)
