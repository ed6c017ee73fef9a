"""The networks that a request names by specs, globs, families, or as all."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from archcost.errors import ArchcostError, ArgumentError, UnknownNetworkError, closest
from archcost.sources.part import list_modules
from archcost.sources.resolve import resolve
from archcost.sources.table import find_source, list_others, list_sources
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.zoo import Entry

GLOB = frozenset("*[")  # a question mark begins arguments instead


def select(
    specs: Sequence[str],
    *,
    families: Sequence[str] = (),
    everything: bool = False,
    variants: bool = True,
    stays: Callable[[str], bool] | None = None,
) -> tuple[str, ...]:
    """Return the specs of a request, each once, in the order of the request.

    Args:
        specs: names, and globs over a source's names: the zoo ("resnet*"), a library ("timm:resnet*"), the modules of a
            network ("vgg16::features.*").
        families: families of the zoo, in upper or lower case.
        everything: whether to select the whole zoo.
        variants: whether families and `everything` include the variants of a network.
        stays: whether a spec is left as it is, although it may be a glob; these come first.

    Raises:
        UnknownNetworkError: a glob matches nothing.
        ArgumentError: the zoo lacks a family, or the request is empty.
        MissingPackageError: a library is not installed.
    """
    found = [spec for spec in specs if stays is not None and stays(spec)]
    rest = [spec for spec in specs if spec not in found]
    found += [name for spec in rest for name in (_find_matches(spec) if _is_glob(spec) else (spec,))]
    entries = [entry for family in families for entry in _find_family(family)]
    entries += REGISTRY if everything else ()
    found += [entry.id for entry in entries if variants or entry.variant_of is None]
    if not found:
        raise ArgumentError("no network is named; name some, or use --family or --all: see `archcost list`")
    return tuple(dict.fromkeys(found))


def complete(begun: str) -> list[str]:
    """Return the completions of a partial name; search packages only if archcost's sources have none.

    After NET:: they are the paths of its modules, level by level.
    """
    name, apart, module = begun.partition("::")
    if apart:
        return [f"{name}::{path}" for path in _list_paths(name) if _continues(path, module)]
    found = [name for source in list_sources() for name in source.complete(begun)]
    return found or [name for source in list_others() for name in source.complete(begun)]


def _list_paths(name: str) -> tuple[str, ...]:
    """Return the paths of a network's modules; none if there is no such network."""
    try:
        return list_modules(resolve(name))
    except ArchcostError:
        return ()


def _continues(path: str, begun: str) -> bool:
    """Whether a path goes on from a partial one without entering a further module."""
    return path.startswith(begun) and "." not in path[len(begun) :].lstrip(".")


def _is_glob(spec: str) -> bool:
    return bool(GLOB & set(spec.partition("?")[0]))  # within arguments [ begins a list


def _find_matches(pattern: str) -> tuple[str, ...]:
    whole, apart, module = pattern.partition("::")
    source, _, target = whole.rpartition(":")
    names = tuple(find_source(source, target).match(whole)) if GLOB & set(whole) else (whole,)
    if GLOB & set(module):
        names = tuple(
            f"{name}::{path}" for name in names for path in fnmatch.filter(list_modules(resolve(name)), module)
        )
    else:
        names = tuple(f"{name}{apart}{module}" for name in names)
    if not names:
        raise UnknownNetworkError(f"no network matches {pattern!r}; see `archcost list`")
    return names


def _find_family(name: str) -> list[Entry]:
    found = [entry for entry in REGISTRY if entry.family.lower() == name.lower()]
    if not found:
        families = dict.fromkeys(entry.family for entry in REGISTRY)
        hint = closest(name, families, f"there are {', '.join(families)}")
        raise ArgumentError(f"the zoo has no family {name!r}; {hint}")
    return found
