"""The place of each row in the module hierarchy, and the containers that need a line of their own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Layer

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The containers with a line above a row, the outermost first, and the rest of the row's name."""

    containers: tuple[Path, ...]
    label: str


def read_path(layer: Layer) -> Path:
    """Return the modules around a row and its own last name: ("layer1", "0", "conv1")."""
    if layer.name == layer.module or not layer.module:
        return tuple(layer.name.split(".")) if layer.module else (layer.name,)
    return (*layer.module.split("."), layer.name.removeprefix(f"{layer.module}."))


def build_places(paths: Sequence[Path]) -> list[Place]:
    """Return the place of each path.

    A container with a single child gets no line: its name joins the child's name, so that deep nesting stays readable.
    """
    children: dict[Path, set[str]] = defaultdict(set)
    for path in paths:
        for end in range(1, len(path)):
            children[path[:end]].add(path[end])
    return [_build_place(path, children) for path in paths]


def yield_entered(before: Sequence[Path], now: Sequence[Path]) -> Iterator[tuple[Path, int, str]]:
    """Yield the containers that `now` enters and `before` was not in: path, level and label."""
    for level, path in enumerate(now):
        if tuple(before[: level + 1]) != tuple(now[: level + 1]):
            above = now[level - 1] if level else ()
            yield path, level, ".".join(path[len(above) :])


def _build_place(path: Path, children: dict[Path, set[str]]) -> Place:
    shown = tuple(path[:end] for end in range(1, len(path)) if len(children[path[:end]]) > 1)
    above = shown[-1] if shown else ()
    return Place(containers=shown, label=".".join(path[len(above) :]))
