"""The releases of torch on which archcost's tests pass, with the same figures."""

from __future__ import annotations

import functools
import re

TESTED = ("2.11.0", "2.13.0", "2.14.1")  # the oldest supported release, the pinned one, the newest


@functools.cache
def describe_untested(torch: str) -> str | None:
    """Return a note for readers of figures that an untested torch counted; None for a tested one.

    >>> describe_untested("2.12.1"), describe_untested("2.14.2+cu130")
    (None, None)
    >>> describe_untested("2.15.0").partition(":")[0]
    'torch 2.15.0 is newer than the releases that archcost is tested with (2.11.0 to 2.14.1)'
    """
    release, oldest, newest = (_series(version) for version in (torch, TESTED[0], TESTED[-1]))
    if not release or oldest <= release <= newest:
        return None
    age = "newer" if release > newest else "older"
    return (
        f"torch {torch} is {age} than the releases that archcost is tested with ({TESTED[0]} to {TESTED[-1]}): "
        "figures may differ from theirs"
    )


@functools.cache
def describe_installed() -> str | None:
    """Return the same note for the installed torch, without loading it."""
    from importlib import metadata

    try:
        return describe_untested(metadata.version("torch"))
    except metadata.PackageNotFoundError:  # built from source, for example; reports name the version
        return None


def _series(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, since patch releases change no figures."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else ()
