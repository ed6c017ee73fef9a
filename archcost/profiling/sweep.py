"""sweep(network, cases, ...): many timings of one network; a failure in one cell does not stop the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError, OutOfMemoryError, first_line
from archcost.profiling.advice import give_memory_back
from archcost.profiling.ceilings import find_place
from archcost.profiling.choice import settle_by_walk
from archcost.profiling.feed import Feed, describe_feed
from archcost.profiling.profile import profile_network
from archcost.profiling.run import USUAL, ask_one, run_each
from archcost.profiling.workplace import import_modules
from archcost.records import Cell, Failure, TimingPlan, WalkPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcost.records import Outcome, Sweeping, Training
    from archcost.sources import InputSpec, Network

IMAGE = 3  # dimensions: channels, height, width


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One combination of inputs, batch size and timing plan."""

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
    """Return every combination, the batch changing fastest; each of `amps` is a further precision beside the dtypes.

    Raises:
        ArgumentError: resolutions are given, but the network takes no image.
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


def sweep(
    network: str | Network, wanted: Sequence[Case], *, training: Training | None = None, sweeping: Sweeping = USUAL
) -> Iterator[Cell]:
    """Time the cases one after the other; yield each cell as it is done.

    Every failure is the result of its cell: exhausted memory, a dtype that the device lacks, a failed compilation.
    """
    places = {case.plan.device: find_place(case.plan.device, sweeping) for case in wanted}
    asked = [{"case": case, "training": training, "place": places[case.plan.device]} for case in wanted]
    for place, row in run_each([network] * len(wanted), asked, None, 1, sweeping, time_case):
        if not isinstance(row, Failure):
            yield row
        elif row.kind != "interruption":  # an interrupted case has no cell yet
            outcome: Outcome = "out of memory" if row.kind == "memory" else "failed"
            yield Cell(**_describe(asked[place]), outcome=outcome, message=_cut_line(row.reason))


def describe_network(
    spec: str, sweeping: Sweeping = USUAL, *, training: bool = False
) -> tuple[str, str, tuple[InputSpec, ...]]:
    """Return a network's spec, name and usual inputs, or those of training; with isolation, another process runs it.

    Raises:
        ArchcostError: the network does not exist, or its file cannot be imported.
    """
    if sweeping.isolate or sweeping.engine != "local":
        found: tuple[str, str, tuple[InputSpec, ...]] = ask_one(spec, sweeping, resolve_network, training=training)
        return found
    import_modules(sweeping.imports)
    return resolve_network(spec, None, {"training": training})


def resolve_network(spec: str, keep: None, options: Mapping[str, Any]) -> tuple[str, str, tuple[InputSpec, ...]]:
    """Return the result of `describe_network`, in the process that may run the network."""
    from archcost import sources

    del keep
    found = settle_by_walk(sources.resolve(spec), training=options["training"])
    return found.spec, found.name, found.inputs


def time_case(spec: str | Network, keep: None, options: Mapping[str, Any]) -> Cell:
    """Time one case of a network."""
    from archcost import sources

    del keep
    network = sources.resolve(spec) if isinstance(spec, str) else spec
    case, training = options["case"], options["training"]
    known = _describe(options)
    feed = describe_feed(network, case.specs, case.batch)
    try:
        give_memory_back()  # memory of the previous cell, so that every cell starts with the same device
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


def _describe(options: Mapping[str, Any]) -> dict[str, Any]:
    case, training = options["case"], options["training"]
    return {
        "plan": case.plan,
        "batch": case.batch,
        "inputs": tuple(map(str, case.specs)),
        "train": None if training is None else training.optimizer,
    }


def _predict_bytes(network: Network, feed: Feed, plan: TimingPlan, training: Training | None) -> int | None:
    """Return the bytes that a device's allocator would have needed; None if the walk on the meta device fails."""
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


def _cut_line(text: str) -> str:
    """Return the first line of a message."""
    return text.strip().split("\n", maxsplit=1)[0]
