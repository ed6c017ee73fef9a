"""Shared code of the sources that take networks from a package by name."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import (
    ArgumentError,
    MissingPackageError,
    UnknownNetworkError,
    closest,
    find_root,
    first_line,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.sources.spec import Spec

Loaded = TypeVar("Loaded")


def import_library(name: str, install: str = "") -> Any:
    """Import a package or a module of it, which may import torchvision.

    Args:
        name: the module.
        install: name for pip, if it is not the package's name.

    Raises:
        MissingPackageError: the package or one of its requirements is not installed.
    """
    package = name.partition(".")[0]
    try:
        return load_beside_torchvision(lambda: importlib.import_module(name), package)
    except ModuleNotFoundError as error:
        if error.name is None:
            raise
        raise build_missing(package, error.name, install) from error


def build_missing(package: str, module: str, install: str = "") -> MissingPackageError:
    """Return the error for a missing module that a package's networks need; `install` is the package's name for pip."""
    missing = module.partition(".")[0]
    distribution = install if install and missing == package else missing
    return MissingPackageError(
        f"{package}: networks need {missing}, which is not installed; run `pip install {distribution}`"
    )


def load_beside_torchvision(load: Callable[[], Loaded], package: str = "") -> Loaded:
    """Return the result of `load`, which imports a package or builds its network, and may import torchvision.

    If torchvision's compiled extension does not fit this torch, declare its operators and load again.
    """
    try:
        return load()
    except Exception as error:
        if "torchvision::nms" not in spell(find_root(error)):
            raise
    _mend_torchvision(package)
    return load()


def build_by_name(create: Any, spec: Spec, arguments: dict[str, Any]) -> Any:
    """Call a package's function that creates a network by name.

    Raises:
        ArgumentError: the function does not take these arguments.
    """
    try:
        return create(spec.target, **arguments)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ArgumentError(f"{spec.text!r} cannot be built: {type(error).__name__}: {first_line(error)}") from error


def build_unknown(spec: Spec, names: Sequence[str]) -> UnknownNetworkError:
    """Return the error for a name that a package lacks."""
    hint = closest(spec.target, names, f"it has {len(names)} networks")
    return UnknownNetworkError(f"{spec.source} has no network {spec.target!r}; {hint}")


def _mend_torchvision(package: str) -> None:
    """Declare operators so that torchvision can be imported if its compiled extension does not fit this torch."""
    from archcost.sources.torchvision_operators import declare_operators, let_torchvision_call_them

    for loaded in [name for name in sys.modules if name.partition(".")[0] in {"torchvision", package}]:
        del sys.modules[loaded]
    declare_operators()
    importlib.import_module("torchvision")
    let_torchvision_call_them()
