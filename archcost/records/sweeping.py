"""Options of a sweep over networks: its engine, its limits and its journal."""

from __future__ import annotations

from dataclasses import dataclass

from archcost.choices import ENGINES, check_choice
from archcost.errors import ArgumentError

LONGEST = 1e8  # seconds: three years


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    """The options of a sweep.

    `timeout` is the time limit of one network in seconds, after its process has imported its packages; `max_memory` is
    its memory limit in bytes, beyond those imports; None for no limit. `journal` is a file that receives each result at
    once, and from which a second run resumes. `isolate` gives even a single network a process of its own. Every process
    imports the modules in `imports` first, for example for your own rules. `engine` is one of `choices.ENGINES`. Limits
    apply to networks in processes of their own: module objects, and small numbers of zoo networks, run in this process.
    On a cluster, `alone` gives each network a whole node, and `accelerator` is the required type of GPU.

    Raises:
        ArgumentError: an unknown engine, or an impossible limit.
    """

    timeout: float | None = 600.0
    max_memory: int | None = None
    journal: str | None = None
    isolate: bool = False
    imports: tuple[str, ...] = ()
    engine: str = "local"
    alone: bool = False
    accelerator: str | None = None

    def __post_init__(self) -> None:
        check_choice("engine", self.engine, ENGINES)
        if self.timeout is not None and not 0 < self.timeout <= LONGEST:
            raise ArgumentError(f"timeout is a number of seconds, above 0 and at most {LONGEST:g}, not {self.timeout}")
        if self.accelerator is not None and self.engine == "local":
            raise ArgumentError(f"{self.accelerator}: a cluster has types of accelerators; add --engine ray")
        if self.max_memory is not None and self.max_memory < 1:
            raise ArgumentError(f"max_memory is a number of bytes above 0, or None for any, not {self.max_memory}")
