"""sweep(network, plans, ...): many timings of one network; what fails in one cell stops no other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError, OutOfMemoryError, first_line
from archcost.profiling.advice import give_memory_back
from archcost.profiling.feed import Feed
from archcost.profiling.profile import profile_network
from archcost.records import Cell, TimingPlan, WalkPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Training
    from archcost.sources import InputSpec, Network

IMAGE = 3  # dimensions: channels, height, width


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One combination: what to run, on how many images of which size, how."""

    plan: TimingPlan
    batch: int
    specs: tuple[InputSpec, ...]


def cases(
    plan: TimingPlan,
    specs: Sequence[InputSpec],
    *,
    batches: Sequence[int] = (1,),
    dtypes: Sequence[str | None] = (None,),
    amps: Sequence[str] = (),
    resolutions: Sequence[int] = (),
    channels_last: Sequence[bool] = (False,),
    compiled: Sequence[bool] = (False,),
) -> tuple[Case, ...]:
    """Return every combination, the batch changing fastest; autocast to each of `amps` stands beside the dtypes.

    Raises:
        ArgumentError: resolutions of a network that takes no image.
    """
    if resolutions and not any(len(spec.shape) == IMAGE for spec in specs):
        given = ", ".join(map(str, specs))
        raise ArgumentError(f"--resolution needs an input with channels, height and width, and it takes {given}")
    sized = [tuple(_resize_input(spec, side) for spec in specs) for side in resolutions] or [tuple(specs)]
    precisions = [*((dtype, None) for dtype in dtypes), *((None, amp) for amp in amps)]
    return tuple(
        Case(plan=replace(plan, dtype=dtype, amp=amp, channels_last=last, compiled=comp), batch=batch, specs=inputs)
        for inputs, comp, last, (dtype, amp), batch in product(sized, compiled, channels_last, precisions, batches)
    )


def sweep(network: Network, wanted: Sequence[Case], *, training: Training | None = None) -> Iterator[Cell]:
    """Time the cases one after the other; yield each as it is done.

    Running out of memory is a result of a cell, and so is every other failure: a dtype that the device lacks, a
    network that fails compiled.
    """
    for case in wanted:
        yield _cell(network, case, training)


def _cell(network: Network, case: Case, training: Training | None) -> Cell:
    known: dict[str, Any] = {
        "plan": case.plan,
        "batch": case.batch,
        "inputs": tuple(map(str, case.specs)),
        "train": None if training is None else training.optimizer,
    }
    feed = Feed(specs=case.specs, batch=case.batch)
    try:
        give_memory_back()  # what the cell before left: it finds the device as the first did
        report = profile_network(network, feed, WalkPlan(training=training), case.plan)
    except OutOfMemoryError as error:
        predicted = _predict_bytes(network, feed, case.plan, training)
        return Cell(**known, outcome="out of memory", message=_message(error), predicted_bytes=predicted)
    except Exception as error:  # noqa: BLE001 - a network may raise anything, and the other cells still run
        return Cell(**known, outcome="failed", message=_message(error))
    totals = report.totals
    return Cell(
        **known,
        outcome="timed",
        macs=totals.macs + (totals.backward_macs or 0),
        predicted_bytes=totals.peak_allocated_bytes,
        sample=report.measured,
    )


def _predict_bytes(network: Network, feed: Feed, plan: TimingPlan, training: Training | None) -> int | None:
    """Return what a device's allocator would have had to give; None where a walk on the meta device cannot say it."""
    from archcost.clock.devices import device_of
    from archcost.profiling.form import describe_in_form

    try:
        asked = WalkPlan(training=training, amp=plan.amp).on_meta_as_on(str(device_of(plan.device)))
        report = profile_network(*describe_in_form(network, feed, plan), asked)
    except Exception:  # noqa: BLE001 - whatever it is, the shortage is the result
        return None
    return report.totals.peak_allocated_bytes


def _resize_input(spec: InputSpec, side: int) -> InputSpec:
    return replace(spec, shape=(spec.shape[0], side, side)) if len(spec.shape) == IMAGE else spec


def _message(error: Exception) -> str:
    text = first_line(error)
    return text if isinstance(error, ArchcostError) else f"{type(error).__name__}: {text}"
