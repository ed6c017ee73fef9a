"""The processes that profile networks: this one, or a number of others."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError, first_line
from archcost.sources import parse_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcost.records import Sweeping

FEW = 4  # networks; a process for fewer takes longer to import torch than to profile them


def choose_jobs(specs: Sequence[Any], jobs: int | None, sweeping: Sweeping) -> int | None:
    """Return the number of processes that run networks; None for this one.

    The networks of the zoo are archcost's own and cannot harm this process. Any other network may end it, so even one
    gets a separate process, unless `jobs` is 1 or only this process knows its rules.

    Raises:
        ArgumentError: other processes cannot run a network that is an object.
    """
    named = all(isinstance(spec, str) for spec in specs)
    apart = sweeping.isolate or sweeping.engine != "local"
    if apart and not named:
        raise ArgumentError("a network object cannot be sent to another process; name the network by FILE.py:CALLABLE")
    wanted = count_jobs(len(specs)) if jobs is None else jobs
    if apart:
        return wanted
    if not named or not specs or (jobs is None and wanted == 1 and _has_own_rules() and not sweeping.imports):
        return None
    foreign = jobs is None and not all(map(_is_own, specs))
    return wanted if wanted > 1 or foreign else None


def count_jobs(networks: int) -> int:
    """Return the useful number of processes: up to one for each core, each with more than a few networks."""
    return max(1, min(_count_cores(), networks // (FEW + 1)))


def import_modules(names: Sequence[str]) -> None:
    """Import a user's modules, also from the current folder, before any network runs.

    Raises:
        ArgumentError: a module is missing or fails.
    """
    if names and not {"", str(Path.cwd())} & set(sys.path):
        sys.path.insert(0, str(Path.cwd()))
    for name in names:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:
            raise ArgumentError(f"--import {name}: {type(error).__name__}: {first_line(error)}") from error


def find_sources(specs: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """Return the packages of networks, and whether any network is a user's own code."""
    packages, local = set(), False
    for spec in specs:
        with suppress(ArchcostError):
            parsed = parse_spec(spec)
            local |= parsed.local
            if parsed.source and not parsed.file:
                packages.add(parsed.source.partition(".")[0])
    return tuple(sorted(packages)), local


def _is_own(spec: str) -> bool:
    try:
        return parse_spec(spec).kind == "zoo"
    except ArchcostError:
        return True  # an invalid name runs no code


def _has_own_rules() -> bool:
    registry = sys.modules.get("archcost.rules._registry")
    rules = {} if registry is None else registry.RULES
    return any(rule.count.__module__.partition(".")[0] != "archcost" for rule in rules.values())


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
