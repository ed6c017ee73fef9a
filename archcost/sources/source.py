"""What a source of networks is: how its names look, which there are, and what each stands for."""

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
    """One kind of name.

    `name` is what `Spec.kind` says. `form` is how such a name is written, for help and errors. `prefix` is how it
    begins, "timm:" for example, where that alone tells it from others. `local` is whether the networks are code of the
    user's own, which differs from commit to commit. `about`, `example` and `install` are for `archcost list --sources`:
    what a network of it is, one that can be typed, and what pip installs for it. `aliases` are other names that people
    write before the colon.
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
            ArchcostError: no network has this name, the package that has it is missing, or its file cannot be imported.
        """

    def accepts(self, source: str, target: str) -> bool:
        """Whether a name is one of these: `source` is before its last colon, "" where it has none, `target` after."""
        del target
        return f"{source}:" == self.prefix

    def file_in(self, source: str, target: str) -> str:
        """Return the part of a name that is a file's path, "" where none is."""
        del source, target
        return ""

    def fetch(self, spec: Spec) -> str:
        """Fetch what `find` needs and no more, where --download asks for it; return what was fetched.

        Raises:
            ArgumentError: this source fetches nothing.
        """
        raise ArgumentError(
            f"--download fetches the configuration of hf:OWNER/NAME; {spec.text!r} needs nothing fetched"
        )

    def names(self) -> Sequence[str]:
        """Return the names that can be listed, prefix and all.

        Raises:
            MissingPackageError: the package that has them is not installed.
        """
        return ()

    def match(self, pattern: str) -> Iterable[str]:
        """Return the names that a glob matches."""
        return (name for name in self.names() if fnmatch.fnmatchcase(name, pattern))

    def complete(self, begun: str) -> Iterable[str]:
        """Return what a shell may write in the place of a name that was begun.

        What has a prefix is listed once that is written whole: most packages take seconds to import.
        """
        if not begun.startswith(self.prefix):
            return [self.prefix] if self.prefix.startswith(begun) else []
        with suppress(MissingPackageError):
            return [name for name in self.names() if name.startswith(begun)]
        return []
