"""gather_arguments(target, spec) -> arguments of a callable, which may take a configuration."""

from __future__ import annotations

import inspect
import typing
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, closest
from archcost.sources.user_code import run_user_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.sources.spec import Spec


def gather_arguments(target: Callable[..., Any], spec: Spec) -> dict[str, Any]:
    """Return the arguments of a call.

    A parameter for a configuration (a dataclass, a class of transformers, a user's class) gets one that is built from
    the arguments that the callable itself does not take.

    Raises:
        ArgumentError: the configuration has no such field.
    """
    given = dict(spec.arguments)
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # written in C++
        return given
    known = {name for name, each in parameters.items() if each.kind is not each.VAR_KEYWORD}
    found = _find_config(target, parameters, given)
    if found is None:
        return given
    name, config = found
    own = {key: value for key, value in given.items() if key in known}
    return {**own, name: _build_config(config, {key: given[key] for key in given if key not in own}, spec)}


def _find_config(
    target: Any, parameters: Mapping[str, inspect.Parameter], given: Mapping[str, object]
) -> tuple[str, type] | None:
    """Return the parameter for a configuration, and its class; None if no parameter needs one."""
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()) and not hasattr(target, "config_class"):
        unknown = False  # the callable takes any argument
    else:
        unknown = any(name not in parameters for name in given)
    annotations = _read_annotations(target)
    for name, each in parameters.items():
        if name in given or each.kind in {each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY}:
            continue
        config = _read_class(annotations.get(name))
        if config is None and name == "config":
            config = getattr(target, "config_class", None)
        if config is not None and (unknown or each.default is each.empty):
            return name, config
    return None


def _read_annotations(target: Any) -> dict[str, Any]:
    function = getattr(target, "__init__") if isinstance(target, type) else target  # noqa: B009 - mypy objects to the attribute
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - an annotation may name what is imported for type checkers alone
        return {}


def _read_class(annotation: Any) -> type | None:
    """Return the class of a configuration: a dataclass, or any class outside Python and torch."""
    kinds = [kind for kind in (annotation, *typing.get_args(annotation)) if isinstance(kind, type)]
    return next((kind for kind in kinds if is_dataclass(kind) or _is_own(kind)), None)


def _is_own(kind: type) -> bool:
    package = kind.__module__.partition(".")[0]
    return package not in {"builtins", "torch", "typing", "collections", "numpy", "types", "pathlib"}


def _build_config(config: type, fields: Mapping[str, object], spec: Spec) -> Any:
    """Build a configuration; "inner.width=3" is a field of a nested one."""
    nested: dict[str, dict[str, object]] = {}
    for key in [key for key in fields if "." in key]:
        first, _, rest = key.partition(".")
        nested.setdefault(first, {})[rest] = fields[key]
    plain: dict[str, Any] = {key: value for key, value in fields.items() if "." not in key}
    signature = inspect.signature(config).parameters
    known = [name for name, each in signature.items() if each.kind is not each.VAR_KEYWORD]
    unknown = [key for key in (*plain, *nested) if key not in known]
    if unknown and (is_dataclass(config) or len(known) == len(signature)):
        hint = closest(unknown[0], known, f"it has {', '.join(known)}")
        raise ArgumentError(f"{spec.text!r}: {config.__name__} has no field {unknown[0]!r}; {hint}")
    annotations = _read_annotations(config)
    for name, inner in nested.items():
        kind = _read_class(annotations.get(name))
        plain[name] = inner if kind is None else _build_config(kind, inner, spec)
    given = ", ".join(f"{key}={value!r}" for key, value in plain.items())
    return run_user_code(lambda: config(**plain), f"{config.__name__}({given})")
