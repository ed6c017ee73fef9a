"""The sources of networks: a new one is a file with its `SOURCE`, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcost.sources.source import Source

SOURCES = [  # in the order in which they are asked whether a name is theirs
    "archcost.sources.hf",
    "archcost.sources.timm",
    "archcost.sources.torchvision",
    "archcost.sources.file",
    "archcost.sources.module",
    "archcost.sources.zoo",
]


def list_sources() -> list[Source]:
    """Return the sources, in the order of the table."""
    return [import_module(name).SOURCE for name in SOURCES]


def find_source(source: str, target: str) -> Source:
    """Return the source of a name: see `Source.accepts`. The zoo's takes what no other does."""
    *others, last = list_sources()
    return next((each for each in others if each.accepts(source, target)), last)


def describe_forms() -> str:
    """Return how names are written: "timm:NAME, torchvision:NAME, ... or a name of `archcost list`"."""
    *forms, last = (each.form for each in list_sources())
    return f"{', '.join(forms)} or {last}"
