"""Ordering of work in windows that fit the device's queue, so that the device never waits for its host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.clock.protocol import Clock

SAFETY = 1.5  # the hold lasts this multiple of the host's time
SIZES = (
    256,
    128,
    64,
    32,
    16,
)  # boundaries in a window; a queue holds some thousand commands, a leaf takes several
Owner = int | str


@dataclass(frozen=True, slots=True)
class Interval:
    """The time between two marks. `ahead`: the host ordered it all before the device began; None if no queue."""

    owner: Owner
    ns: int
    ahead: bool | None


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one pass, and for the interval after each mark its owner (None: left out) and whether it was full."""

    marks: Sequence[Any]
    owners: Sequence[Owner | None]
    ahead: Sequence[bool | None]


class Windows:
    """Sets marks while the host orders one pass.

    Before a window, the device is held for longer than the host needs to order it. If the queue cannot hold a whole
    pass, the host would have to wait for the hold to end; so a window ends after `size` boundaries, the device finishes
    its work and is held again, and the gap is left out.
    """

    def __init__(self, clock: Clock, *, judges: bool = True) -> None:
        self.size: int | None = None  # one window for all
        self._clock, self._judges = clock, judges and clock.queues
        self._holds: list[float] = []
        self._spent: list[int] = []
        self._marks: list[Any] = []
        self._owners: list[Owner | None] = []
        self._ahead: list[bool | None] = []
        self._boundaries = self._begun = 0

    def record(self, run: Callable[[], object], owner: Owner) -> Marks:
        """Order the work of `run`, whose first interval belongs to `owner`; return its marks without waiting."""
        self._marks, self._owners, self._ahead, self._spent, self._boundaries = [], [], [], [], 0
        self._begin(owner)
        run()
        self._end()
        self._spent.append(self._clock.now() - self._begun)
        return Marks(self._marks, self._owners, self._ahead)

    def read(self, found: Marks) -> list[Interval]:
        """Wait for the device; return the intervals of a pass without the gaps."""
        self._clock.finish()
        offsets = self._clock.offsets(found.marks)
        return [
            Interval(owner, offsets[i + 1] - offsets[i], found.ahead[i])
            for i, owner in enumerate(found.owners)
            if owner is not None
        ]

    def order(self, run: Callable[[], object], owner: Owner) -> list[Interval]:
        """Order the work of `run` and wait for it; return its intervals."""
        return self.read(self.record(run, owner))

    def mark(self, owner: Owner) -> None:
        """End the current interval; the next one belongs to `owner`."""
        if self._is_due():
            self._turn(owner)
        else:
            self._end()
            self._owners.append(owner)

    def pass_by(self) -> None:
        """Let a window end at a boundary that does not end an interval."""
        if self._is_due():
            owner = self._owners[-1]
            assert owner is not None  # noqa: S101 - what is left out ends where it begins
            self._turn(owner)

    def fit(self, take: Callable[[], list[Interval]], *, divisible: bool) -> bool:
        """Choose the hold and the number of windows; return whether the device then never waits."""
        if not self._judges:
            return True
        behind = {}
        for size in (None, *SIZES) if divisible else (None,):
            behind[size] = self._hold_for(size, take)
            if not behind[size]:
                return True
        best = min(behind, key=lambda size: behind[size])
        if best != self.size:
            self._hold_for(best, take)
        return False

    def _hold_for(self, size: int | None, take: Callable[[], list[Interval]]) -> int:
        """Measure the host's time for each window; return the number of late intervals after a hold."""
        self.size, self._holds = size, []
        take()
        self._holds = [SAFETY * ns for ns in self._spent]
        return sum(not interval.ahead for interval in take())

    def _is_due(self) -> bool:
        self._boundaries += 1
        return self.size is not None and self._boundaries % self.size == 0

    def _begin(self, owner: Owner) -> None:
        if self._judges and len(self._spent) < len(self._holds):
            self._clock.hold(self._holds[len(self._spent)])
        self._begun = self._clock.now()
        self._marks.append(self._clock.mark())
        self._owners.append(owner)

    def _end(self) -> None:
        """Set a mark; if the device has not reached the previous one, the host ordered this interval in advance."""
        self._marks.append(self._clock.mark())
        self._ahead.append(not self._clock.passed(self._marks[-2]) if self._judges else None)

    def _turn(self, owner: Owner) -> None:
        self._end()
        self._owners.append(None)
        self._ahead.append(None)
        self._spent.append(self._clock.now() - self._begun)
        self._clock.drain()
        self._begin(owner)
