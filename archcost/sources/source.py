"""A source of networks: the form of its names, their list, and the network of each."""

from __future__ import annotations

import fnmatch
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, MissingPackageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcost.sources.network import Network
    from archcost.sources.spec import Spec


class Source(ABC):
    """A source of networks, for one kind of name.

    `name` is the value of `Spec.kind`. `form` is the pattern of such a name, for help and errors. `prefix` is its
    beginning, "timm:" for example, if that alone identifies the source. `local` is whether the networks are the user's
    own code, which differs between commits. `about`, `example` and `install` are for `archcost list --sources`: a
    description, a valid name, and the package for pip. `aliases` are other words that people write before the colon.
    """

    name: str
    form: str
    prefix: str = ""
    local: bool = False
    about: str = ""
    example: str = ""
    install: str = ""
    aliases: tuple[str, ...] = ()

    @abstractmethod
    def find(self, spec: Spec) -> Network:
        """Return the network of a name, without building it.

        Raises:
            ArchcostError: the name is unknown, its package is missing, or its file cannot be imported.
        """

    def accepts(self, source: str, target: str) -> bool:
        """Whether a name belongs here: `source` is before its last colon ("" without a colon), `target` after."""
        del target
        return f"{source}:" == self.prefix

    def file_in(self, source: str, target: str) -> str:
        """Return the file path in a name, or ""."""
        del source, target
        return ""

    def fetch(self, spec: Spec) -> str:
        """Download only the file that `find` needs, for --download; return its path.

        Raises:
            ArgumentError: this source downloads nothing.
        """
        raise ArgumentError(
            f"--download fetches the configuration of hf:OWNER/NAME; {spec.text!r} needs nothing fetched"
        )

    def names(self) -> Sequence[str]:
        """Return the names that can be listed, with their prefix.

        Raises:
            MissingPackageError: the package is not installed.
        """
        return ()

    def match(self, pattern: str) -> Iterable[str]:
        """Return the names that a glob matches."""
        return (name for name in self.names() if fnmatch.fnmatchcase(name, pattern))

    def complete(self, begun: str) -> Iterable[str]:
        """Return the completions of a partial name.

        Names with a prefix are listed only after the whole prefix, because most packages take seconds to import.
        """
        if not begun.startswith(self.prefix):
            return [self.prefix] if self.prefix.startswith(begun) else []
        with suppress(MissingPackageError):
            return [name for name in self.names() if name.startswith(begun)]
        return []
