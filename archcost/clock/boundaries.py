"""Per-layer times: one mark at each entry and exit of a leaf module, in the order in which the program runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch.nn.modules import module as torch_module

from archcost.errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from archcost.clock.protocol import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one pass ran: `paths` of the leaf modules as they were entered, and the owner of each interval.

    An owner is the number of a leaf's call, -1 - n for what runs after n of them outside of all, or a phase's name.
    """

    paths: tuple[str, ...]
    owners: tuple[int | str, ...]


class Boundaries:
    """Marks at the boundaries of leaf modules while the forward pass runs.

    The hooks are torch's global ones, so none is placed on a module. They set a mark and note who it belongs to;
    nothing waits for the device. An interval between two marks belongs to whoever was running, so the intervals add
    up to the whole pass by construction.
    """

    def __init__(self, leaves: Mapping[nn.Module, str], clock: Clock) -> None:
        self._leaves, self._clock = leaves, clock
        self._open: list[int] = []
        self._paths: list[str] = []
        self._owners: list[int | str] = []
        self._marks: list[Any] = []

    def run(self, phases: Sequence[tuple[str, Callable[[], object]]]) -> tuple[list[Any], Order]:
        """Run one pass, the first phase of it with hooks; return its marks, one more than intervals, and its order."""
        self._open, self._paths, self._owners, self._marks = [], [], [], []
        (_, forward), *later = phases
        handles = [
            torch_module.register_module_forward_pre_hook(self._enter),
            torch_module.register_module_forward_hook(self._leave, always_call=True),
        ]
        try:
            self._mark(-1)
            forward()
        finally:
            for handle in handles:
                handle.remove()
        for name, phase in later:
            self._mark(name)
            phase()
        self._marks.append(self._clock.mark())
        return self._marks, Order(paths=tuple(self._paths), owners=tuple(self._owners))

    def _mark(self, owner: int | str) -> None:
        self._marks.append(self._clock.mark())
        self._owners.append(owner)

    def _enter(self, module: nn.Module, _args: Any) -> None:
        path = self._leaves.get(module)
        if path is not None:
            self._mark(len(self._paths))
            self._open.append(len(self._paths))
            self._paths.append(path)

    def _leave(self, module: nn.Module, _args: Any, _output: Any) -> None:
        if self._open and self._leaves.get(module) == self._paths[self._open[-1]]:
            self._open.pop()
            self._mark(self._open[-1] if self._open else -1 - len(self._paths))


class Passes:
    """The passes that were run so far, by owner. Every pass has to run the same layers."""

    def __init__(self) -> None:
        self.order: Order | None = None
        self.ns: dict[int | str, list[int]] = {}

    def add(self, offsets: Sequence[int], order: Order) -> int:
        """Take one pass in; return its span.

        Raises:
            ClockError: it ran other layers than the passes before.
        """
        if self.order is None:
            self.order = order
            self.ns = {owner: [] for owner in dict.fromkeys(order.owners)}
        elif order != self.order:
            raise ClockError("the network does not run the same layers every time")
        for times in self.ns.values():
            times.append(0)
        for owner, before, after in zip(order.owners, offsets, offsets[1:], strict=False):
            self.ns[owner][-1] += after - before
        return offsets[-1] - offsets[0]
