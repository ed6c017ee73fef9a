"""resolve(spec) -> Network: find what a name means, without building it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import ArgumentError
from archcost.sources.parse import parse_spec
from archcost.sources.part import take_part
from archcost.sources.table import find_source

if TYPE_CHECKING:
    from archcost.sources.network import Network


def fetch(text: str) -> str:
    """Fetch what a name needs and no more, where its source can; return the file.

    Raises:
        ArgumentError: its source fetches nothing.
        UnknownNetworkError: it could not be fetched.
    """
    spec = parse_spec(text)
    return find_source(spec.source, spec.target).fetch(spec)


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
    if spec.seq is not None and network.choose is None:
        takes = ", ".join(map(str, network.inputs))
        raise ArgumentError(f"--seq is for networks that take tokens; {network.spec} takes {takes}: use --input")
    return take_part(network, spec.module) if spec.module else network
