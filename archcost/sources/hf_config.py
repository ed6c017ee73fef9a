"""A configuration file (config.json), and changes of its fields by a name's arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, UnknownNetworkError, closest, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")  # lists with an entry for each layer follow
MOST_LAYERS = 10_000
SAYS = ("model_type", "_class_name", "architectures")


def read_config(file: Path) -> dict[str, Any]:
    """Return the fields of a configuration.

    Raises:
        UnknownNetworkError: the file cannot be read, or does not describe a network.
    """
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnknownNetworkError(f"{file} cannot be read as JSON: {first_line(error)}") from error
    if not isinstance(fields, dict) or not any(name in fields for name in SAYS):
        raise UnknownNetworkError(
            f"{file} describes no network: it has neither model_type (of transformers) nor _class_name (of diffusers)"
        )
    wrong = next((name for name in SAYS[:2] if not isinstance(fields.get(name), str | None)), None)
    kinds = fields.get("architectures") or []
    if wrong or not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise UnknownNetworkError(
            f"{file}: {wrong or 'architectures'} is not {'a text' if wrong else 'a list of texts'}"
        )
    return fields


def check_depth(fields: Mapping[str, Any], title: str) -> None:
    """Refuse a configuration with more layers than can be built.

    Raises:
        ArgumentError: a field, or one of a part, is too large.
    """
    for name, value in fields.items():
        if isinstance(value, dict):
            check_depth(value, f"{title}, {name}")
        elif "layers" in name and isinstance(value, int) and value > MOST_LAYERS:
            raise ArgumentError(f"{title}: {name} is {value:,}; archcost builds at most {MOST_LAYERS:,} layers")


def change_fields(
    fields: Mapping[str, Any],
    arguments: Mapping[str, object],
    defaults: Mapping[str, Any],
    title: str,
) -> dict[str, Any]:
    """Return the fields after a name's arguments changed some; "text_config.num_layers" is a field of a part.

    Raises:
        ArgumentError: the field does not exist.
    """
    changed: dict[str, Any] = dict(fields)
    known = {**defaults, **fields}
    for name, value in arguments.items():
        first, _, rest = name.partition(".")
        if first not in known:
            parts = [f"{part}.{first}" for part, inner in known.items() if isinstance(inner, dict) and first in inner]
            hint = f"did you mean {', '.join(parts)}?" if parts else closest(first, known, "see its documentation")
            raise ArgumentError(f"{title} has no field {first!r}; {hint}")
        if rest:
            inner = known[first] if isinstance(known[first], dict) else {}
            changed[first] = change_fields(changed.get(first) or {}, {rest: value}, inner, f"{title}, {first}")
        else:
            if name in DEPTHS and isinstance(value, int):
                _cut_lists(changed, known.get(name), value)
            changed[name] = value
    return changed


def _cut_lists(fields: dict[str, Any], before: object, depth: int) -> None:
    """Shorten the lists with an entry for each layer; for a deeper network, leave them to the library's defaults."""
    for name, value in list(fields.items()):
        if isinstance(value, list) and len(value) == before and name.endswith("types"):
            if depth <= len(value):
                fields[name] = value[:depth]
            else:
                del fields[name]
