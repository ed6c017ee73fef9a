"""fit(network, memory) -> Fit: the largest batch that fits, found by walking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archcost.errors import WalkError
from archcost.profiling.feed import Feed
from archcost.profiling.trace import peak_of
from archcost.records import BatchMemory, Fit, Training, WalkPlan
from archcost.units import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Peak
    from archcost.sources import InputSpec, Network

LARGEST = 2**24  # images; a network whose memory does not grow with the batch would never end


def fit(
    network: Any,
    memory: str | int,
    *,
    inputs: Sequence[InputSpec] | None = None,
    device: str = "meta",
    mode: str = "eval",
    train: str | None = None,
    loss: str = "cross-entropy",
    amp: str | None = None,
    like: str | None = None,
) -> Fit:
    """Find the largest batch whose peak fits into a memory.

    Every figure is of a walk at that batch, none is extrapolated. They are the exact bytes of the tensors: what an
    allocator rounds up, kernels' workspaces and a GPU's context come on top.

    Args:
        network: as for `archcost.profile`.
        memory: bytes, or a text such as "24GB" (10^9 bytes) or "24GiB" (2^30).
        inputs: descriptions of the inputs, without the batch; None for the network's own.
        device: where it is walked; the meta device needs no memory itself.
        mode: "eval", "train" or "as-is".
        train: an optimizer, for the peak of training rather than of inference.
        loss: as for `archcost.profile`.
        amp: mixed precision, as for `archcost.profile`.
        like: the device whose choices the meta device follows, as for `archcost.profile`.

    Raises:
        ArgumentError: a text that says no memory, or a mode, optimizer, loss or precision that does not exist.
        WalkError: the network failed while it ran, or does not need more memory for a larger batch.
    """
    from archcost import sources

    limit = parse_bytes(memory) if isinstance(memory, str) else memory
    asked = WalkPlan(device=device, mode=mode, training=Training.of(train, loss), amp=amp, like=like)
    chosen = sources.resolve(network) if isinstance(network, str) else sources.of_module(network)
    search = _Search(network=chosen, inputs=tuple(inputs or chosen.inputs), asked=asked)
    batch = search.largest_within(limit)
    return Fit(
        network=chosen.spec,
        mode=asked.walked_mode,
        optimizer=train,
        memory_bytes=limit,
        param_bytes=search.param_bytes,
        fixed_bytes=search.fixed_bytes,
        batch=batch,
        points=tuple(
            BatchMemory(batch=size, peak_bytes=peak.nbytes, phase=peak.phase)
            for size, peak in sorted(search.peaks.items())
        ),
    )


@dataclass(kw_only=True)
class _Search:
    network: Network
    inputs: tuple[InputSpec, ...]
    asked: WalkPlan
    peaks: dict[int, Peak] = field(default_factory=dict)
    param_bytes: int = 0
    fixed_bytes: int = 0

    def largest_within(self, limit: int) -> int | None:
        """Double until it does not fit, then close in."""
        fits = self._smallest()
        if self.peaks[fits].nbytes > limit:
            return None
        fails = 2 * fits
        while self._walk(fails) <= limit:
            fits, fails = fails, 2 * fails
            if fails > LARGEST:
                raise WalkError(f"a batch of {fits} still fits; its memory hardly grows with the batch: see --input")
        while fails - fits > 1:
            middle = self._between(fits, fails, limit)
            if self._walk(middle) <= limit:
                fits = middle
                # memory grows faster and faster with the batch, so a straight line to `fails` guesses low, if at all
                if fails - fits > 1 and self._walk(fits + 1) > limit:
                    fails = fits + 1
                elif fails - fits > 1:
                    fits += 1
            else:
                fails = middle
        return fits

    def _between(self, fits: int, fails: int, limit: int) -> int:
        low, high = self.peaks[fits].nbytes, self.peaks[fails].nbytes
        guess = fits + (limit - low) * (fails - fits) // (high - low)
        return min(max(guess, fits + 1), fails - 1)

    def _smallest(self) -> int:
        """Walk the smallest batch: one image, or two where one cannot be normalised."""
        try:
            self._walk(1)
        except WalkError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            self._walk(2)
            return 2
        return 1

    def _walk(self, batch: int) -> int:
        if batch not in self.peaks:
            feed = Feed(specs=self.inputs, batch=batch)
            self.peaks[batch], self.param_bytes, self.fixed_bytes = peak_of(self.network, feed, self.asked)
        return self.peaks[batch].nbytes
