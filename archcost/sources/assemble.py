"""assemble(specs, make) -> positional and keyword arguments; names that are paths become dictionaries and lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.errors import InputError, quote
from archcost.sources.inputs import EACH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.sources.inputs import InputSpec


def assemble(
    specs: Sequence[InputSpec], batch: int, make: Callable[[InputSpec], Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of descriptions.

    Args:
        specs: descriptions; unnamed ones are positional, in order. A number as a name is the position of an argument; a
            number within a name is the index in a list.
        batch: number of entries that "each" in a name stands for.
        make: creates the argument of one description.

    Raises:
        InputError: two descriptions name the same argument, or a list lacks an entry.
    """
    whole: dict[str, Any] = {}
    unnamed = 0
    for spec in specs:
        path = spec.path or (str(unnamed),)
        unnamed += not spec.path
        for entry in range(batch) if EACH in path else (0,):
            _put(whole, [str(entry) if part == EACH else part for part in path], spec, make)
    positional = {key: value for key, value in whole.items() if key.isdecimal()}
    args = _close(positional, "") if positional else []
    return tuple(args), {key: _close(value, key) for key, value in whole.items() if key not in positional}


def name_tensors(specs: Sequence[InputSpec], batch: int) -> list[str | None]:
    """Return the name of each tensor of the arguments, in a walk's order."""
    args, kwargs = assemble(specs, batch, lambda spec: replace(spec, sample=None))
    found: list[InputSpec] = []

    def look(value: Any) -> None:
        if isinstance(value, dict | list | tuple):
            for each in value.values() if isinstance(value, dict) else value:
                look(each)
        elif value.value is None or value.dtype:
            found.append(value)

    look((args, kwargs))
    return [spec.name for spec in found]


def _put(whole: dict[str, Any], path: list[str], spec: InputSpec, make: Callable[[InputSpec], Any]) -> None:
    *above, last = path
    place = whole
    for part in above:
        place = place.setdefault(part, _Place())
        if not isinstance(place, _Place):
            raise InputError(f"--input {quote(str(spec))}: {'.'.join(path)} lies within an input that is given whole")
    if last in place:
        raise InputError(f"--input {quote(str(spec))}: {'.'.join(path)} is given twice")
    place[last] = make(spec)


class _Place(dict[str, Any]):
    """A dictionary or list under construction, as opposed to an argument that is a dictionary itself."""


def _close(value: Any, where: str) -> Any:
    """Turn a dictionary with numbers as keys into a list."""
    if not isinstance(value, _Place) and where:
        return value
    closed = {key: _close(item, f"{where}.{key}") for key, item in value.items()}
    if not all(key.isdecimal() for key in closed):
        return closed
    missing = next((str(n) for n in range(len(closed)) if str(n) not in closed), None)
    if missing is not None:
        raise InputError(f"--input: {where}{'.' * bool(where)}{missing} is missing; a list has all entries from 0")
    return [closed[str(n)] for n in range(len(closed))]
