"""fit(network, memory) -> Fit: the largest batch that fits, found by walking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archcost.account.memory import bytes_of_kind, peak
from archcost.account.replay import replay
from archcost.choices import check_choice
from archcost.errors import ArgumentError, WalkError, spell
from archcost.profiling.checkpointing import Chooser
from archcost.profiling.choice import run_settled
from archcost.profiling.feed import describe_feed
from archcost.profiling.trace import walk_apart
from archcost.profiling.workspaces import describe_run
from archcost.records import BatchMemory, Fit, Training, WalkPlan
from archcost.units import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import NamedDevice, Trace
    from archcost.sources import InputSpec, Network

LARGEST = 2**24  # images; ends the search for a network whose memory does not grow with the batch


def fit(
    network: Any,
    memory: str | int | None = None,
    *,
    device_name: str | None = None,
    expandable: bool = False,
    batch: int | None = None,
    inputs: str | InputSpec | Sequence[str | InputSpec] | None = None,
    device: str = "meta",
    mode: str = "eval",
    train: str | None = None,
    loss: str = "cross-entropy",
    amp: str | None = None,
    like: str | None = None,
    checkpoint: str | None = None,
) -> Fit:
    """Find the largest batch that fits into a device's memory.

    Every figure comes from a walk at that batch; none is extrapolated. For a plain memory size, the exact bytes of the
    tensors count. For a named GPU, the memory that torch's allocator reserves counts, with the context and the
    workspaces on top.

    Args:
        network: as for `archcost.profile`.
        memory: bytes, or a text such as "24GB" (10^9 bytes) or "24GiB" (2^30); None for the whole memory of the named
            GPU.
        device_name: a GPU of the table of datasheets, "h200" for example.
        expandable: whether the GPU's allocator uses `expandable_segments:True`.
        batch: check this batch size alone instead of finding the largest.
        inputs: descriptions of the inputs without the batch, such as "3x224x224"; None for the network's own.
        device: the device of the walk; the meta device needs no memory itself.
        mode: "eval", "train" or "as-is".
        train: an optimizer, for the peak of training rather than of inference.
        loss: as for `archcost.profile`.
        amp: mixed precision, as for `archcost.profile`.
        like: the device that the meta device imitates, as for `archcost.profile`.
        checkpoint: "auto": choose the modules that training recomputes, so that `batch` fits with the least extra work.

    Raises:
        ArgumentError: the memory or an input cannot be parsed, a mode, optimizer, loss or precision does not exist, or
            `expandable` lacks a GPU.
        WalkError: the network failed while it ran, or its memory hardly grows with the batch.
    """
    from archcost import sources
    from archcost.account.overhead import overheads
    from archcost.clock.datasheet import device_named

    _check_checkpoint(checkpoint, batch, train)
    named = None if device_name is None else device_named(device_name)
    limit = _read_limit(memory, named)
    gpu = named if named is not None and named.capability is not None else None
    if expandable and gpu is None:
        raise ArgumentError(
            "--expandable-segments is a setting of a GPU's allocator: name the GPU (--device-name h200)"
        )
    if named is not None and gpu is None and like is None:
        like = "cpu"
    asked = WalkPlan(device=device, mode=mode, training=Training.of(train, loss), amp=amp, like=like)
    chosen = sources.resolve(network) if isinstance(network, str) else sources.wrap_module(network)
    nothing = Fit(
        network=chosen.spec,
        mode=asked.walked_mode,
        optimizer=train,
        memory_bytes=limit,
        param_bytes=0,
        fixed_bytes=0,
        batch=None,
        points=(),
        device=None if gpu is None else gpu.name,
        overheads={} if gpu is None else overheads(gpu, trains=train is not None),
    )

    described = () if inputs is None else sources.read_descriptions(inputs)

    def search(settled: Network) -> Fit:
        given = described or settled.inputs
        found = _Search(network=settled, inputs=given, asked=asked, expandable=expandable, fit=nothing, gpu=gpu)
        if batch is None:
            return found.find_largest()
        return found.judge(batch) if checkpoint is None else found.choose_checkpoint(batch)

    return search(chosen) if described else run_settled(chosen, search, training=asked.walked_mode == "train")


def _check_checkpoint(checkpoint: str | None, batch: int | None, train: str | None) -> None:
    """Check that the request for checkpoints is complete.

    Raises:
        ArgumentError: it lacks an optimizer or a batch size.
    """
    if checkpoint is None:
        return
    check_choice("checkpoint", checkpoint, ("auto",))
    if train is None or batch is None:
        missing = "nothing trains: add --train (train=)" if train is None else "the batch size is missing: add --batch"
        raise ArgumentError(f"--checkpoint chooses the modules that training recomputes, but {missing}")


def _read_limit(memory: str | int | None, named: NamedDevice | None) -> int:
    """Return the requested memory, or else the named device's.

    Raises:
        ArgumentError: neither gives a size.
    """
    if memory is not None:
        return parse_bytes(memory) if isinstance(memory, str) else memory
    if named is None:
        raise ArgumentError("fit needs a memory (--memory 24GB) or a device (--device-name h200)")
    if named.memory_bytes is None:
        raise ArgumentError(f"{named.name} has the memory of its machine: say how much (--memory 64GB)")
    return named.memory_bytes


@dataclass(kw_only=True)
class _Search:
    """Walks of one network at several batch sizes; `fit` holds the limits and collects the results."""

    network: Network
    inputs: tuple[InputSpec, ...]
    asked: WalkPlan
    expandable: bool
    fit: Fit
    gpu: NamedDevice | None
    points: dict[int, BatchMemory] = field(default_factory=dict)

    def judge(self, batch: int) -> Fit:
        """Walk one batch."""
        self._walk(batch)
        fits = self.fit.judge(self.points[batch]) != "does not fit"
        return self._answer(batch if fits else None)

    def choose_checkpoint(self, batch: int) -> Fit:
        """Walk one batch, and choose the modules to recompute so that it fits."""
        trace = self._trace(batch)
        self._note(trace, batch)
        found = Chooser(trace, self.fit.need_of(self.points[batch]), self.fit.memory_bytes).choose(
            lambda modules: self._walk_again(batch, modules)
        )
        self.fit = replace(self.fit, checkpoint=found)
        fits = self.fit.judge(self.points[batch]) != "does not fit"
        return self._answer(batch if fits else None)

    def _walk_again(self, batch: int, modules: tuple[str, ...]) -> tuple[Trace, int]:
        """Walk a batch while modules are recomputed; return the trace and the bytes it needs."""
        trace = self._trace(batch, modules)
        self._note(trace, batch)
        return trace, self.fit.need_of(self.points[batch])

    def find_largest(self) -> Fit:
        """Double the batch size until it does not fit, then narrow the range."""
        limit = self.fit.memory_bytes
        fits = self._smallest()
        if self._walk(fits) > limit:
            return self._answer(None)
        fails = 2 * fits
        while self._walk(fails) <= limit:
            fits, fails = fails, 2 * fails
            if fails > LARGEST:
                raise WalkError(f"a batch of {fits} still fits; its memory hardly grows with the batch: see --input")
        while fails - fits > 1:
            middle = self._between(fits, fails, limit)
            if self._walk(middle) <= limit:
                fits = middle
                # memory grows faster than linearly with the batch, so the line to `fails` can only guess too low
                if fails - fits > 1 and self._walk(fits + 1) > limit:
                    fails = fits + 1
                elif fails - fits > 1:
                    fits += 1
            else:
                fails = middle
        return self._answer(fits)

    def _answer(self, batch: int | None) -> Fit:
        points = tuple([self.points[size] for size in sorted(self.points)])
        return replace(self.fit, batch=batch, points=points)

    def _between(self, fits: int, fails: int, limit: int) -> int:
        low, high = self._walk(fits), self._walk(fails)
        guess = fits + (limit - low) * (fails - fits) // (high - low)
        return min(max(guess, fits + 1), fails - 1)

    def _smallest(self) -> int:
        """Walk the smallest batch: one image, or two if a single one cannot be normalised; return its size."""
        try:
            self._walk(1)
        except WalkError as error:
            if "more than 1 value per channel" not in spell(error):
                raise
            self._walk(2)
            return 2
        return 1

    def _walk(self, batch: int) -> int:
        """Return the bytes that a batch needs."""
        if batch not in self.points:
            self._note(self._trace(batch), batch)
        return self.fit.need_of(self.points[batch])

    def _trace(self, batch: int, modules: tuple[str, ...] = ()) -> Trace:
        feed = describe_feed(self.network, self.inputs, batch)
        return walk_apart(self.network, feed, replace(self.asked, checkpoint=modules))

    def _note(self, trace: Trace, batch: int) -> None:
        """Record the memory of a walked batch."""
        if not self.points and self.gpu is not None:
            self._look_up_workspace(trace, self.gpu)
        self.points[batch] = self._account(trace, batch)
        params = bytes_of_kind(trace, "parameter")
        fixed = params + sum(bytes_of_kind(trace, kind) for kind in ("buffer", "gradient", "state"))
        self.fit = replace(self.fit, param_bytes=params, fixed_bytes=fixed)

    def _look_up_workspace(self, trace: Trace, gpu: NamedDevice) -> None:
        """Use the workspace that libraries took on this GPU, if the network was timed there."""
        from archcost.account.overhead import overheads
        from archcost.clock.workspaces import find_workspace

        found = find_workspace(gpu.name, self.fit.network, describe_run(trace))
        if found is not None:
            trains = self.fit.optimizer is not None
            self.fit = replace(self.fit, workspace=found, overheads=overheads(gpu, trains=trains, measured=found))

    def _account(self, trace: Trace, batch: int) -> BatchMemory:
        found = peak(trace, (), {})
        point = BatchMemory(batch=batch, peak_bytes=found.nbytes, phase=found.phase)
        if self.fit.device is None:
            return point
        point = replace(point, allocation=replay(trace, expandable=self.expandable))
        if self.fit.judge(point) == "fits":
            return point
        room = self.fit.memory_bytes - sum(least for least, _ in self.fit.overheads.values())
        return replace(point, squeezes=replay(trace, expandable=self.expandable, capacity=room) is not None)
