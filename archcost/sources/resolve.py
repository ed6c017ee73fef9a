"""resolve(spec) -> Network: find what a name means, without building it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost import zoo
from archcost.errors import ArchcostError, ArgumentError, BuildError, UnknownNetworkError, closest
from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import timm_network, torchvision_network
from archcost.sources.network import DEFAULT_INPUT, Network
from archcost.sources.spec import Spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


def resolve(text: str) -> Network:
    """Return the network that a name stands for.

    Raises:
        UnknownNetworkError: no such name, file, module or attribute; with suggestions.
        ArgumentError: arguments that do not parse.
        MissingPackageError: timm: or torchvision: without the package.
        BuildError: a user's file or module that raises while it is imported.
    """
    spec = parse_spec(text)
    if spec.kind == "zoo":
        return _from_zoo(spec)
    if spec.kind == "timm":
        return timm_network(spec)
    if spec.kind == "torchvision":
        return torchvision_network(spec)
    target = _attribute(_file(spec) if spec.kind == "file" else _module(spec), spec)
    return Network(
        spec=spec.text,
        name=spec.target,
        build=_caller(target, spec),
        inputs=(InputSpec(shape=(3, *spec.size)) if spec.size else DEFAULT_INPUT,),
    )


def _from_zoo(spec: Spec) -> Network:
    if spec.target.endswith(".py"):
        raise UnknownNetworkError(f"{spec.target!r} names a file; add what to call in it, as in {spec.target}:build")
    entry = zoo.configure(zoo.REGISTRY.find(spec.target), spec.arguments)
    shape = (entry.input[0], *spec.size) if spec.size else entry.input
    return Network(
        spec=spec.text,
        name=entry.title,
        build=lambda: zoo.build(entry),
        inputs=(InputSpec(shape=shape),),
        notes=entry.notes,
        fits=InputSpec(shape=entry.input),
    )


def _file(spec: Spec) -> Any:
    path = Path(spec.source)
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {spec.source!r} (looked in {Path.cwd()})")
    name = f"archcost_user_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise UnknownNetworkError(f"{spec.source!r} is not a Python file")
    _neighbours.move(path.parent.resolve())
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickles look their module up
    loader = found.loader
    _run(lambda: loader.exec_module(module), f"importing {spec.source}")
    return module


class _Neighbours:
    """The folder whose modules a user's file can import, as by `python FILE`: one at a time.

    Files of two folders may import modules of the same name, and the second must not get the first's.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._before: frozenset[str] = frozenset()

    def move(self, folder: Path) -> None:
        if folder == self._folder:
            return
        if self._folder is not None:
            self._leave(self._folder)
        self._folder, self._before = folder, frozenset(sys.modules)
        sys.path.insert(0, str(folder))

    def _leave(self, folder: Path) -> None:
        with suppress(ValueError):  # somebody else took it away
            sys.path.remove(str(folder))
        for name in set(sys.modules) - self._before:
            file = Path(getattr(sys.modules[name], "__file__", None) or "")
            ours = name.partition(".")[0] == "archcost" or "site-packages" in file.parts  # which may lie below it
            if file.is_relative_to(folder) and not ours:
                del sys.modules[name]


_neighbours = _Neighbours()


def _module(spec: Spec) -> Any:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        return _run(lambda: importlib.import_module(spec.source), f"importing {spec.source}")
    except BuildError as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and cause.name and spec.source.startswith(cause.name):
            raise UnknownNetworkError(
                f"there is no module {cause.name!r}; write PACKAGE.MODULE:CALLABLE, FILE.py:CALLABLE, or a name of "
                "`archcost list`"
            ) from error
        raise


def _attribute(module: Any, spec: Spec) -> Any:
    value = module
    for part in spec.target.split("."):
        if not hasattr(value, part):
            names = [name for name, item in vars(module).items() if callable(item) and not name.startswith("_")]
            hint = closest(part, names, f"it has {', '.join(names[:8]) or 'nothing to call'}")
            raise UnknownNetworkError(f"{spec.source} has no {spec.target!r}; {hint}")
        value = getattr(value, part)
    return value


def _caller(target: Any, spec: Spec) -> Callable[[], nn.Module]:
    from torch import nn

    def build() -> nn.Module:
        network = target
        if not isinstance(target, nn.Module):
            if not callable(target):
                raise ArgumentError(
                    f"{spec.text!r} is {type(target).__name__}, neither a callable nor a torch.nn.Module"
                )
            network = _run(lambda: target(**spec.arguments), f"{spec.target}({_given(spec)})")
        if not isinstance(network, nn.Module):
            raise ArgumentError(f"{spec.text!r} returned {type(network).__name__}, not a torch.nn.Module")
        return network

    return build


def _given(spec: Spec) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in spec.arguments.items())


def _run(action: Callable[[], Any], what: str) -> Any:
    """Run a user's code; what it raises is shown with the user's own frames alone."""
    try:
        return action()
    except ArchcostError:
        raise
    except (Exception, SystemExit) as error:
        ours = (str(Path(__file__).parent.parent), "<frozen importlib", importlib.__file__ or "")
        own = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(ours)]
        if isinstance(error, TypeError) and not own:  # the call itself did not fit
            raise ArgumentError(f"{what}: {error}; arguments are written ?name=value&name=value") from error
        lines = "".join(traceback.format_list(own)).rstrip()
        if isinstance(error, SyntaxError):
            lines = "".join(traceback.format_exception_only(error)).rstrip()
        raise BuildError(f"{what} raised {type(error).__name__}: {error}", lines) from error
