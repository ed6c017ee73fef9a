"""Options of commands that run many networks: limits, journal, processes, engine."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from archcost.choices import ENGINES
from archcost.cli.groups import add_group
from archcost.cli.options import check_writable
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.records import Sweeping

JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of worker processes.  [default: chosen from the work and the cores]",
)
ACCELERATOR = click.option(
    "--accelerator", "accelerators", multiple=True, metavar="TYPE",
    help="With --engine ray: use nodes with this type of GPU, one task a node at a time; repeatable.",
)  # fmt: skip
TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
    help="Time limit for each network.  [default: 600]",
)  # fmt: skip
MAX_MEMORY = click.option(
    "--max-memory", metavar="SIZE", help="Memory limit for each network, beyond what torch itself takes, such as 4GB."
)
IMPORTS = click.option(
    "--import", "imports", multiple=True, metavar="MODULE",
    help="Import MODULE first in every process, for example for your own rules; repeatable.",
)  # fmt: skip
ISOLATE = click.option("--isolate", is_flag=True, help="Run even a single network in a process of its own.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The number of processes, and the options of the sweep."""

    jobs: int | None
    sweeping: Sweeping
    accelerators: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of `profile_many`."""
        return {"jobs": self.jobs, "sweeping": self.sweeping}

    def list_fleets(self) -> list[Sweeping]:
        """Return one setting for each accelerator type, or a single local one; each node runs one network at a time."""
        return [replace(self.sweeping, alone=True, accelerator=each) for each in self.accelerators or (None,)]


def add_running(*, side_by_side: bool = True) -> Callable[[Any], Any]:
    """Add --jobs, or --accelerator if networks may not run side by side, and the options of each network.

    These are --timeout, --max-memory, --journal, --isolate, --import and --engine. The command gets all as `running`.
    """
    return add_group(
        "running",
        _read_running,
        *([JOBS] if side_by_side else [ACCELERATOR]),
        TIMEOUT,
        MAX_MEMORY,
        click.option(
            "--journal", metavar="FILE",
            help="Append each row to FILE at once; a second run resumes from FILE.",
        ),
        ISOLATE,
        IMPORTS,
        click.option(
            "--engine", type=click.Choice(ENGINES),
            help="Where the networks run: on this machine, or on Ray.  [default: ray if RAY_ADDRESS is set]",
        ),
    )  # fmt: skip


def add_isolation() -> Callable[[Any], Any]:
    """Add --timeout, --max-memory, --isolate and --import, for one network.

    The command gets them as `sweeping`, with `isolate` if any of the first three was given.
    """
    return add_group("sweeping", _read_isolation, TIMEOUT, MAX_MEMORY, ISOLATE, IMPORTS)


def _read_running(
    *,
    jobs: int | None = None,
    timeout: float | None,
    max_memory: str | None,
    journal: str | None,
    isolate: bool,
    imports: Sequence[str],
    engine: str | None,
    accelerators: Sequence[str] = (),
) -> Running:
    if journal is not None:
        from pathlib import Path

        check_writable(Path(journal), "--journal")
    apart = isolate or jobs is not None  # so that limits apply to a single job as well
    engine = engine or ("ray" if os.environ.get("RAY_ADDRESS") else None)
    sweeping = _read(timeout, max_memory, apart, imports, journal=journal, engine=engine)
    return Running(jobs=jobs, sweeping=sweeping, accelerators=tuple(dict.fromkeys(accelerators)))


def _read_isolation(
    *, timeout: float | None, max_memory: str | None, isolate: bool, imports: Sequence[str]
) -> Sweeping:
    apart = isolate or timeout is not None or max_memory is not None
    return _read(timeout, max_memory, apart, imports)


def _read(
    timeout: float | None,
    max_memory: str | None,
    isolate: bool,
    imports: Sequence[str],
    journal: str | None = None,
    engine: str | None = None,
) -> Sweeping:
    from archcost import units
    from archcost.records import Sweeping

    given = {"timeout": timeout, "engine": engine}
    try:
        memory = None if max_memory is None else units.parse_bytes(max_memory)
    except ArgumentError as error:
        raise ArgumentError(f"--max-memory: {error}") from None
    return Sweeping(
        max_memory=memory,
        journal=journal,
        isolate=isolate,
        imports=tuple(imports),
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
