"""A callable or a network in an importable module, also from the current folder and its project."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import BuildError, UnknownNetworkError
from archcost.sources.callables import find_network
from archcost.sources.libraries import build_missing
from archcost.sources.roots import find_project_roots
from archcost.sources.source import Source
from archcost.sources.table import correct_source, list_sources
from archcost.sources.user_code import run_user_code

if TYPE_CHECKING:
    from archcost.sources.network import Network
    from archcost.sources.spec import Spec


class _Module(Source):
    name = "module"
    form = "PACKAGE.MODULE:CALLABLE"
    local = True
    about = "a function or class of an importable module"
    example = "transformers:BertModel?num_hidden_layers=2"

    def accepts(self, source: str, target: str) -> bool:
        del target
        return bool(source)

    def find(self, spec: Spec) -> Network:
        """Import the module and return the network of that name."""
        return find_network(_import_module(spec.source, spec.target), spec)


def _import_module(source: str, target: str) -> Any:
    here = Path.cwd()
    missing = (str(folder) for folder in (here, *find_project_roots(here)))  # as `python -m` and pytest do
    sys.path[:0] = [folder for folder in dict.fromkeys(missing) if folder not in sys.path]
    try:
        return run_user_code(lambda: importlib.import_module(source), f"importing {source}")
    except BuildError as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and cause.name and source.startswith(cause.name):
            known = {each.install for each in list_sources()}
            if cause.name in known:
                raise build_missing(cause.name, cause.name) from error
            hint = correct_source(source, target)
            raise UnknownNetworkError(f"there is no module {cause.name!r} and no such source; {hint}") from error
        raise


SOURCE = _Module()
