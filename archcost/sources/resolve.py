"""resolve(spec) -> Network: find the network of a name without building it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import ArgumentError
from archcost.sources.parse import parse_spec
from archcost.sources.part import take_part
from archcost.sources.table import find_source

if TYPE_CHECKING:
    from archcost.sources.network import Network


def fetch(text: str) -> str:
    """Download only the configuration that a name needs; return its path.

    Raises:
        ArgumentError: the name's source downloads nothing.
        UnknownNetworkError: the download failed.
    """
    spec = parse_spec(text)
    return find_source(spec.source, spec.target).fetch(spec)


def resolve(text: str) -> Network:
    """Return the network of a name, or its module after ::.

    Raises:
        UnknownNetworkError: the name, file, module or attribute does not exist; suggests others.
        ArgumentError: the arguments do not parse.
        MissingPackageError: the network's package is not installed.
        BuildError: a user's file or module raises an error during its import.
    """
    spec = parse_spec(text)
    network = find_source(spec.source, spec.target).find(spec)
    if spec.seq is not None and network.choose is None:
        takes = ", ".join(map(str, network.inputs))
        raise ArgumentError(f"--seq is for networks that take tokens; {network.spec} takes {takes}: use --input")
    return take_part(network, spec.module) if spec.module else network
