"""The networks of the zoo, which need no prefix."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from archcost import zoo
from archcost.errors import UnknownNetworkError
from archcost.sources.inputs import InputSpec
from archcost.sources.network import Network
from archcost.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcost.sources.spec import Spec


class _Zoo(Source):
    name = "zoo"
    form = "a name of `archcost list`"
    about = "a network of a paper"
    example = "vgg16?num_classes=10"

    def accepts(self, source: str, target: str) -> bool:
        del target
        return not source

    def find(self, spec: Spec) -> Network:
        """Return a network as its entry configures it, with the input of its publication."""
        if spec.target.endswith(".py"):
            raise UnknownNetworkError(f"{spec.target!r} names a file; add a function or class: {spec.target}:build")
        entry = zoo.configure(zoo.REGISTRY.find(spec.target), spec.arguments)
        shape = (entry.input[0], *spec.size) if spec.size else entry.input
        return Network(
            spec=spec.text,
            name=entry.title,
            build=lambda: zoo.build(entry),
            inputs=(InputSpec(shape=shape),) * entry.inputs,
            notes=entry.notes,
            fits=InputSpec(shape=entry.input),
        )

    def names(self) -> Sequence[str]:
        """Return all names, including short ones."""
        return zoo.REGISTRY.names

    def match(self, pattern: str) -> Iterable[str]:
        """Return the networks with a name that a glob matches, in upper or lower case."""
        wanted = pattern.lower()
        for entry in zoo.REGISTRY:
            if any(fnmatch.fnmatchcase(name.lower(), wanted) for name in (entry.id, *entry.aliases)):
                yield entry.id


SOURCE = _Zoo()
