"""A callable, or a module, in a Python file of the user's."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import UnknownNetworkError
from archcost.sources.callables import find_network, run_user_code
from archcost.sources.source import Source

if TYPE_CHECKING:
    from archcost.sources.network import Network
    from archcost.sources.spec import Spec


class _File(Source):
    name = "file"
    form = "FILE.py:CALLABLE"
    local = True

    def accepts(self, source: str, target: str) -> bool:
        del target
        return source.endswith(".py")

    def file_in(self, source: str, target: str) -> str:
        del target
        return source

    def find(self, spec: Spec) -> Network:
        """Return what a file has under that name; the file is imported."""
        return find_network(_import_file(spec.source), spec)


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


def _import_file(source: str) -> Any:
    path = Path(source)
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {source!r} (looked in {Path.cwd()})")
    name = f"archcost_user_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise UnknownNetworkError(f"{source!r} is not a Python file")
    _neighbours.move(path.parent.resolve())
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickles look their module up
    loader = found.loader
    run_user_code(lambda: loader.exec_module(module), f"importing {source}")
    return module


_neighbours = _Neighbours()
SOURCE = _File()
