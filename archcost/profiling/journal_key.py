"""The key under which one run may reuse a row of another: equal network, options and versions."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError
from archcost.processes.versions import list_versions
from archcost.sources import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


BATCH = ("batch", 1)  # the default


def build_key(spec: Any, asked: Mapping[str, Any]) -> str:
    """Return a short text that differs whenever the row could.

    Raises:
        ArgumentError: no text identifies the network or an option.
    """
    if not isinstance(spec, str):
        raise ArgumentError("a journal finds networks again by their names; name this one by FILE.py:CALLABLE")
    modules = {name: _digest_file(getattr(sys.modules.get(name), "__file__", None)) for name in asked["imports"]}
    given = {name: _spell(value) for name, value in asked.items() if value is not None and (name, value) != BATCH}
    parts = [spec, given, modules, find_versions(spec)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def find_versions(spec: str) -> dict[str, str]:
    """Return the versions and the digest of the network's file, on which a row depends besides the request."""
    source, file = _split(spec)
    if file:
        return {**list_versions(), file: _digest_file(file)}
    return list_versions([source.partition(".")[0]] if source else [])


def spell_function(function: Callable[..., Any] | None) -> str:
    """Return a function's name.

    Raises:
        ArgumentError: the function has no name by which another run could recognise it.
    """
    if function is None:
        return ""
    name = getattr(function, "__qualname__", None)
    text = repr(function) if name is None else f"{function.__module__}.{name}"
    if "<" in text:
        raise ArgumentError(f"a journal needs a function with a name as `keep`, one of a module, not {text}")
    return text


def _split(spec: str) -> tuple[str, str]:
    with suppress(ArchcostError):
        parsed = parse_spec(spec)
        return parsed.source, parsed.file
    return "", ""


def _digest_file(file: str | None) -> str:
    try:
        return hashlib.sha256(Path(file or "").read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _spell(value: Any) -> Any:
    """Return an option as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: _spell(asdict(value))}
    if isinstance(value, dict):
        return {str(name): _spell(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_spell(each) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise ArgumentError(f"a journal cannot tell one {type(value).__name__} from another; give inputs as --input does")
