"""Which networks a request names: specs, globs, a family, or all."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, UnknownNetworkError, closest
from archcost.sources import library_names
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.zoo import Entry

GLOB = frozenset("*[")  # a question mark begins arguments


def select(
    specs: Sequence[str], *, families: Sequence[str] = (), everything: bool = False, variants: bool = True
) -> tuple[str, ...]:
    """Return the specs that a request names, each once, in the order of the request.

    Args:
        specs: names, and globs over the zoo ("resnet*") or a library ("timm:resnet*").
        families: families of the zoo, in upper or lower case.
        everything: all of the zoo.
        variants: whether families and `everything` take in the variants of a network, too.

    Raises:
        UnknownNetworkError: a glob that nothing matches.
        ArgumentError: a family that the zoo does not have, or nothing at all.
        MissingPackageError: a library that is not installed.
    """
    found = [name for spec in specs for name in (_matches(spec) if GLOB & set(spec) else (spec,))]
    entries = [entry for family in families for entry in _family(family)]
    entries += REGISTRY if everything else ()
    found += [entry.id for entry in entries if variants or entry.variant_of is None]
    if not found:
        raise ArgumentError("no network is named; name some, or use --family or --all: see `archcost list`")
    return tuple(dict.fromkeys(found))


def _matches(pattern: str) -> tuple[str, ...]:
    source, colon, glob = pattern.rpartition(":")
    if source in {"timm", "torchvision"}:
        names = [f"{source}:{name}" for name in library_names(source) if fnmatch.fnmatchcase(name, glob)]
    else:
        wanted = glob.lower()
        names = [
            entry.id
            for entry in (() if colon else REGISTRY)
            if any(fnmatch.fnmatchcase(name.lower(), wanted) for name in (entry.id, *entry.aliases))
        ]
    if not names:
        raise UnknownNetworkError(f"no network matches {pattern!r}; see `archcost list`")
    return tuple(names)


def _family(name: str) -> list[Entry]:
    found = [entry for entry in REGISTRY if entry.family.lower() == name.lower()]
    if not found:
        families = dict.fromkeys(entry.family for entry in REGISTRY)
        hint = closest(name, families, f"there are {', '.join(families)}")
        raise ArgumentError(f"the zoo has no family {name!r}; {hint}")
    return found
