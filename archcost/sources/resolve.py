"""resolve(spec) -> Network: find what a name means, without building it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.sources.parse import parse_spec
from archcost.sources.part import take_part
from archcost.sources.table import find_source

if TYPE_CHECKING:
    from archcost.sources.network import Network


def resolve(text: str) -> Network:
    """Return the network that a name stands for, or the module of it that is named after ::.

    Raises:
        UnknownNetworkError: no such name, file, module or attribute; with suggestions.
        ArgumentError: arguments that do not parse.
        MissingPackageError: a package's network without the package.
        BuildError: a user's file or module that raises while it is imported.
    """
    spec = parse_spec(text)
    network = find_source(spec.source, spec.target).find(spec)
    return take_part(network, spec.module) if spec.module else network
