"""How many networks are run one after the other: where, within which limits, and what is kept of it on the way."""

from __future__ import annotations

from dataclasses import dataclass

from archcost.choices import ENGINES, check_choice
from archcost.errors import ArgumentError

LONGEST = 1e8  # seconds: three years


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    """What was asked for.

    `timeout` are the seconds that one network may take once its process has imported what it needs, `max_memory` the
    bytes that it may take beside those; None for any. `journal` is a file that has each result as soon as it is known,
    and from which a second run takes what the first one knew. `isolate` gives even a single network a process of its
    own. `imports` are modules that every process imports first: rules of your own. `engine` is one of
    `choices.ENGINES`. Limits hold where networks have processes of their own: one that is not a spec, and the zoo's own
    where they are few, have not. On a cluster, `alone` gives each a whole node, and `accelerator` is the type of GPU
    that the node must have.

    Raises:
        ArgumentError: an engine that there is not, or a limit that nothing could keep.
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
