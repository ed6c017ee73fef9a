"""The sources of networks: to add one, write a file with a `SOURCE` and a line here, or a package's entry point."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from archcost.errors import BuildError, closest, first_line

if TYPE_CHECKING:
    from archcost.sources.source import Source

SOURCES = [  # in the order of the checks for a name
    "archcost.sources.hf",
    "archcost.sources.timm",
    "archcost.sources.torchvision",
    "archcost.sources.ultralytics",
    "archcost.sources.smp",
    "archcost.sources.open_clip",
    "archcost.sources.diffusers",
    "archcost.sources.monai",
    "archcost.sources.pyg",
    "archcost.sources.archive",
    "archcost.sources.weights",
    "archcost.sources.file",
    "archcost.sources.module",
    "archcost.sources.zoo",
]
GROUP = "archcost.sources"  # the entry point group for sources of packages


def list_sources() -> list[Source]:
    """Return archcost's own sources, in the order of the table."""
    return [import_module(name).SOURCE for name in SOURCES]


@cache
def list_others() -> list[Source]:
    """Return the sources of installed packages.

    Raises:
        BuildError: a source cannot be imported.
    """
    from importlib.metadata import entry_points

    found: list[Source] = []
    for point in entry_points(group=GROUP):
        try:
            found.append(point.load())
        except Exception as error:
            package = "a package" if point.dist is None else point.dist.name
            raise BuildError(
                f"the source {point.name!r} of {package} cannot be imported ({point.value}): "
                f"{type(error).__name__}: {first_line(error)}"
            ) from error
    return found


def find_source(source: str, target: str) -> Source:
    """Return the source that accepts a name, or the zoo if no source does.

    Packages are searched for further sources only if neither archcost's own sources nor the zoo have the name.
    """
    *named, module, zoo = list_sources()
    found = next((each for each in named if each.accepts(source, target)), None)
    if found is None and not (zoo.accepts(source, target) and target in zoo.names()):
        found = next((each for each in list_others() if each.accepts(source, target)), None)
    return found or (module if module.accepts(source, target) else zoo)


def correct_source(source: str, target: str) -> str:
    """Return a hint: "did you mean hf:...?" for a likely prefix, or the forms of names."""
    prefixed = [each for each in (*list_sources(), *list_others()) if each.prefix]
    meant = next((each.prefix for each in prefixed if source.lower() in each.aliases), None)
    if meant is not None:
        return f"did you mean {meant}{target}?"
    return closest(f"{source}:", [each.prefix for each in prefixed], f"write {describe_forms()}")


def describe_forms() -> str:
    """Return the forms of names: "timm:NAME, torchvision:NAME, ... or a name of `archcost list`"."""
    *forms, last = (each.form for each in list_sources())
    return f"{', '.join(forms)} or {last}"
