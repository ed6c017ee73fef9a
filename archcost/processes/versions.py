"""The versions on which figures depend: rows of different versions are never mixed."""

from __future__ import annotations

import platform
import sys
from contextlib import suppress
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from archcost.metrics import CONVENTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable


def list_versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of archcost, its conventions, Python, torch and those of `packages` that are installed."""
    own = sys.modules[__name__.partition(".")[0]].__version__  # `import archcost` would load everything
    found = {"archcost": own, "conventions": CONVENTIONS, "python": platform.python_version()}
    for package in ("torch", *packages):
        version = _find_version(package)
        if version is not None:
            found[package] = version
    return found


@cache
def _find_version(package: str) -> str | None:
    """Return a package's version, cached because a sweep needs it for every row and searching the folders is slow."""
    with suppress(metadata.PackageNotFoundError, ValueError):
        return metadata.version(package)
    return None
