"""Which versions figures depend on: rows of different ones are never mixed."""

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
    """Return the versions of archcost, of its conventions, of Python, torch and these packages, where they are here."""
    own = sys.modules[__name__.partition(".")[0]].__version__  # an import of archcost is one of all that it offers
    found = {"archcost": own, "conventions": CONVENTIONS, "python": platform.python_version()}
    for package in ("torch", *packages):
        version = _find_version(package)
        if version is not None:
            found[package] = version
    return found


@cache
def _find_version(package: str) -> str | None:
    """Return a package's version: a sweep asks for it with every row, and looking through folders takes a while."""
    with suppress(metadata.PackageNotFoundError, ValueError):
        return metadata.version(package)
    return None
