"""A callable or a module in a user's Python file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import UnknownNetworkError
from archcost.sources.callables import find_network
from archcost.sources.roots import find_package, find_project_roots
from archcost.sources.source import Source
from archcost.sources.user_code import run_user_code

if TYPE_CHECKING:
    from archcost.sources.network import Network
    from archcost.sources.spec import Spec


class _File(Source):
    name = "file"
    form = "FILE.py:CALLABLE"
    local = True
    about = "a function or class in your Python file, also within a package"
    example = "src/mypkg/net.py:Net?width=32"

    def accepts(self, source: str, target: str) -> bool:
        del target
        return source.endswith(".py")

    def file_in(self, source: str, target: str) -> str:
        del target
        return source

    def find(self, spec: Spec) -> Network:
        """Import the file and return the network of that name."""
        return find_network(_import_file(spec.source), spec)


class _Neighbours:
    """The folders whose modules a user's file can import: its own, as under `python FILE`, and its project's.

    Files of two folders may import different modules of the same name, so leaving a folder forgets its modules.
    """

    def __init__(self) -> None:
        self._folders: tuple[Path, ...] = ()
        self._before: dict[Path, frozenset[str]] = {}

    def move(self, folders: tuple[Path, ...]) -> None:
        for folder in self._folders:
            with suppress(ValueError):  # other code removed it
                sys.path.remove(str(folder))
            if folder not in folders:
                self._leave(folder)
        self._folders = folders
        self._before = {folder: self._before.get(folder, frozenset(sys.modules)) for folder in folders}
        sys.path[:0] = map(str, folders)

    def _leave(self, folder: Path) -> None:
        for name in set(sys.modules) - self._before[folder]:
            file = Path(getattr(sys.modules[name], "__file__", None) or "")
            if file.is_relative_to(folder) and not _is_installed(name, file):
                del sys.modules[name]


def _is_installed(name: str, file: Path) -> bool:
    """Whether a module is archcost's or an installed one; either may be below a user's folder."""
    return name.partition(".")[0] == "archcost" or "site-packages" in file.parts


def _import_file(source: str) -> Any:
    path = Path(source)
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {source!r} (looked in {Path.cwd()})")
    folder = path.parent.resolve()
    roots, package = find_project_roots(folder), find_package(path.resolve())
    if package is not None and package[1].partition(".")[0] != "archcost":
        base, name = package
        _neighbours.move(tuple(dict.fromkeys((base, *roots))))
        _forget_others(name, base)
        importlib.invalidate_caches()
        return run_user_code(lambda: importlib.import_module(name), f"importing {source}")
    _neighbours.move(tuple(dict.fromkeys((folder, *roots))))
    return _import_alone(path, source)


def _forget_others(name: str, base: Path) -> None:
    """Forget a package of the same name in another folder."""
    top = name.partition(".")[0]
    paths = [Path(path).resolve() for path in getattr(sys.modules.get(top), "__path__", ())]
    if paths and base / top not in paths:
        for each in [each for each in sys.modules if each == top or each.startswith(f"{top}.")]:
            del sys.modules[each]


def _import_alone(path: Path, source: str) -> Any:
    name = f"archcost_user_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise UnknownNetworkError(f"{source!r} is not a Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickle look the module up
    loader = found.loader
    run_user_code(lambda: loader.exec_module(module), f"importing {source}")
    return module


_neighbours = _Neighbours()
SOURCE = _File()
