"""The zoo's entries, which need no torch, and the construction of networks from them.

The catalogue (`archcost/zoo/catalog/`) holds one `Entry` per name; the file of the paper holds the
code, which is imported only when a network is built.
"""

from __future__ import annotations

import fnmatch
import importlib
import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, BuildError, UnknownNetworkError, closest, first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The publication of a network."""

    title: str
    authors: str
    year: int
    venue: str
    arxiv: str | None = None

    @property
    def first_year(self) -> int:
        """Return the year of its first publication: an identifier of arXiv starts with year and month."""
        return 2000 + int(self.arxiv[:2]) if self.arxiv else self.year


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name of the zoo.

    `input` is channels, height, width of one image, or of each of `inputs` stacks of maps. `builder` is
    "file:function" under archcost/zoo, called with `arguments`. `variant_of` is the ordinary name that this one varies.
    """

    id: str
    title: str
    family: str
    paper: Paper
    lecture: str
    dataset: str
    input: tuple[int, ...]
    builder: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    variant_of: str | None = None
    notes: tuple[str, ...] = ()
    inputs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The common fields of a paper's networks; `entry` creates the entry of one network."""

    family: str
    paper: Paper
    lecture: str
    dataset: str
    input: tuple[int, ...]
    builder: str

    def entry(
        self,
        id: str,  # noqa: A002 - the catalogue's word
        title: str,
        *,
        input: tuple[int, ...] | None = None,  # noqa: A002 - the catalogue's word
        dataset: str | None = None,
        builder: str | None = None,
        aliases: tuple[str, ...] = (),
        variant_of: str | None = None,
        notes: tuple[str, ...] = (),
        **arguments: object,
    ) -> Entry:
        """Return the entry of one network; keyword arguments left over go to its builder."""
        return Entry(
            id=id,
            title=title,
            family=self.family,
            paper=self.paper,
            lecture=self.lecture,
            dataset=dataset or self.dataset,
            input=input or self.input,
            builder=builder or self.builder,
            arguments=arguments,
            aliases=aliases,
            variant_of=variant_of,
            notes=notes,
        )


class Registry:
    """All names, in the catalogue's order; upper and lower case are alike."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        for entry in entries:
            for name in (entry.id, *entry.aliases):
                if name.lower() in self._names:
                    raise ValueError(f"the zoo has two networks of the name {name!r}")
                self._names[name.lower()] = entry.id
            self._entries[entry.id] = entry
        for entry in self._entries.values():
            if entry.variant_of is not None and entry.variant_of not in self._entries:
                raise ValueError(f"{entry.id} varies {entry.variant_of!r}, which the zoo does not have")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    @property
    def names(self) -> tuple[str, ...]:
        """Every id and every short name."""
        return tuple(name for entry in self._entries.values() for name in (entry.id, *entry.aliases))

    def find(self, name: str) -> Entry:
        """Return the entry of a name.

        Raises:
            UnknownNetworkError: with the names that are closest.
        """
        try:
            return self._entries[self._names[name.lower()]]
        except KeyError:
            hint = f"unknown network {name!r}; {closest(name, self.names, '')}".rstrip()
            raise UnknownNetworkError(f"{hint} see `archcost list`") from None

    def search(self, pattern: str | None) -> tuple[Entry, ...]:
        """Return the entries whose id, short name, family or title matches a glob or contains the text."""
        if not pattern:
            return tuple(self._entries.values())
        wanted = pattern.lower() if any(c in pattern for c in "*?[") else f"*{pattern.lower()}*"
        return tuple(
            entry
            for entry in self._entries.values()
            if any(
                fnmatch.fnmatchcase(text.lower(), wanted)
                for text in (entry.id, entry.family, entry.title, *entry.aliases)
            )
        )


def configure(entry: Entry, arguments: Mapping[str, object]) -> Entry:
    """Return the entry with a user's arguments over its own; `in_channels` moves the default input along."""
    channels = arguments.get("in_channels", entry.input[0])
    shape = (channels, *entry.input[1:]) if isinstance(channels, int) and channels > 0 else entry.input
    return replace(entry, arguments={**entry.arguments, **arguments}, input=shape)


def build(entry: Entry) -> nn.Module:
    """Build the network of an entry on torch's current default device.

    Raises:
        ArgumentError: an argument that the builder does not take, or a value that it refuses.
        BuildError: tensors that torch refuses to make, of more values than there can be or than fit in memory.
    """
    file, function = entry.builder.split(":")
    builder: Any = getattr(importlib.import_module(f"archcost.zoo.{file}"), function)
    allowed = inspect.signature(builder).parameters
    for name, value in entry.arguments.items():
        if name not in allowed:
            raise ArgumentError(f"{entry.id} takes no argument {name!r}; it takes {', '.join(sorted(allowed))}")
        if isinstance(allowed[name].default, bool) and not isinstance(value, bool):
            raise ArgumentError(f"{entry.id}: {name} must be true or false, not {value!r}")
    for name in ("num_classes", "in_channels"):
        value = entry.arguments.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ArgumentError(f"{entry.id}: {name} must be a whole number of at least 1, not {value!r}")
    given = ", ".join(f"{name}={value!r}" for name, value in entry.arguments.items())
    try:
        network: nn.Module = builder(**entry.arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = BuildError if isinstance(error, RuntimeError) else ArgumentError
        reason = first_line(error)  # torch adds its own stack
        raise kind(f"{entry.id} cannot be built{given and f' with {given}'}: {reason}") from error
    return network
