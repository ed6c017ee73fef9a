"""Per-layer times: one mark at each entry and exit of a leaf module, in the order of execution."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch.nn.modules import module as torch_module

from archcost.errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import nn

    from archcost.clock.windows import Interval, Owner, Windows

    Phases = Sequence[tuple[str, Callable[[], object]]]

BEFORE_ALL = -1


class Boundaries:
    """Marks at the boundaries of leaf modules while the forward pass runs.

    The hooks are torch's global ones, so no module gets a hook. They set a mark and note its owner; the host waits for
    the device only between two windows. An interval between two marks belongs to the running module, so the intervals
    add up to the whole pass by construction. An owner is the number of a leaf's call, -1 - n for code outside of leaves
    after n calls, or a phase's name. `paths` are the leaf modules in the order of entry.
    """

    def __init__(self, leaves: Mapping[nn.Module, str], phases: Phases) -> None:
        self._leaves, self._phases = leaves, phases
        self._open: list[int] = []
        self.paths: list[str] = []

    def mark_rows(self, windows: Windows) -> None:
        """Run one pass with a mark at each boundary, within a `windows.record` that begins with BEFORE_ALL."""
        self._open, self.paths = [], []

        def enter(path: str) -> None:
            windows.mark(len(self.paths))
            self._open.append(len(self.paths))
            self.paths.append(path)

        def leave(path: str) -> None:
            if self._open and path == self.paths[self._open[-1]]:
                self._open.pop()
                windows.mark(self._open[-1] if self._open else BEFORE_ALL - len(self.paths))

        (_, forward), *later = self._phases
        with self._hooked(enter, leave):
            forward()
        for name, phase in later:
            windows.mark(name)
            phase()

    def pass_by(self, windows: Windows) -> None:
        """Run one pass as a single interval, and let windows end at its boundaries."""
        (_, forward), *later = self._phases
        with self._hooked(lambda _: windows.pass_by(), lambda _: windows.pass_by()):
            forward()
        for _, phase in later:
            windows.pass_by()
            phase()

    @contextmanager
    def _hooked(self, enter: Callable[[str], None], leave: Callable[[str], None]) -> Iterator[None]:
        def before(module: nn.Module, _args: Any) -> None:
            path = self._leaves.get(module)
            if path is not None:
                enter(path)

        def behind(module: nn.Module, _args: Any, _output: Any) -> None:
            path = self._leaves.get(module)
            if path is not None:
                leave(path)

        handles = [
            torch_module.register_module_forward_pre_hook(before),
            torch_module.register_module_forward_hook(behind, always_call=True),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


class Passes:
    """The intervals of all passes so far, by owner. Every pass must run the same layers.

    `behind` are the owners of intervals that the host ordered too late, so that the device may have waited; `judged`
    says whether there is a queue to judge.
    """

    def __init__(self) -> None:
        self.paths: tuple[str, ...] | None = None
        self.ns: dict[Owner, list[int]] = {}
        self.behind: set[Owner] = set()
        self.judged = False
        self._owners: list[Owner] = []

    def add(self, intervals: Sequence[Interval], paths: Sequence[str]) -> int:
        """Add one pass; return its span.

        Raises:
            ClockError: the pass ran other layers than the earlier passes.
        """
        owners = [interval.owner for interval in intervals]
        if self.paths is None:
            self.paths, self._owners = tuple(paths), owners
            self.ns = {owner: [] for owner in owners}
        elif (tuple(paths), owners) != (self.paths, self._owners):
            raise ClockError("the network does not run the same layers every time")
        for times in self.ns.values():
            times.append(0)
        for interval in intervals:
            self.ns[interval.owner][-1] += interval.ns
            self.judged |= interval.ahead is not None
            if interval.ahead is False:
                self.behind.add(interval.owner)
        return sum(interval.ns for interval in intervals)
