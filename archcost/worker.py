"""A process that runs networks on request, so that their code never runs in the process that asks.

A request is one line of JSON on stdin, its answer one line of JSON on stdout; what a network prints goes to stderr.
The process ends with its stdin. `archcost.regression.process` starts it and speaks to it: in JSON, because a pickle
from a process that has run another revision's code could run that code in the process that reads it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError, BuildError, UnknownNetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a network that reads its input must not take the requests
    with requests, answers:
        for line in requests:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": ACTIONS[request.pop("action")](**request)}
    except ArchcostError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a network may raise anything
        return {"error": type(error).__name__, "message": f"{type(error).__name__}: {error}"}


def report(
    spec: str, inputs: Sequence[str], options: Mapping[str, Any], tree: str | None, instead_of: str | None
) -> str:
    """Profile a network, and return its report as JSON.

    Args:
        spec: the network's name.
        inputs: descriptions such as "3x224x224"; none for the network's own default.
        options: keyword arguments of `archcost.profile`.
        tree: the folder of the revision's files, where a revision was asked for.
        instead_of: the working tree of the same repository, none of whose code may run then.

    Raises:
        ArchcostError: whatever `archcost.profile` raises.
        BuildError: code of the working tree was imported in the revision's place.
    """
    from archcost.api import profile
    from archcost.sources import parse_input

    if tree is not None and instead_of is not None:
        spec = _in_tree(spec, Path(tree), Path(instead_of))
    found = profile(spec, [parse_input(text) for text in inputs] or None, **options)
    if tree is not None and instead_of is not None:
        _refuse_strays(Path(tree), Path(instead_of))
    return found.to_json()


def _in_tree(spec: str, tree: Path, instead_of: Path) -> str:
    """Have the name of a file mean the tree's file, also where it is absolute."""
    from archcost.sources import parse_spec

    parsed = parse_spec(spec)
    if parsed.kind != "file":
        return spec
    path = Path(parsed.source).resolve()
    if not path.is_relative_to(tree) and path.is_relative_to(instead_of):
        path = tree / path.relative_to(instead_of)
    if not path.is_relative_to(tree):
        raise ArgumentError(f"{parsed.source!r} is not in the repository {str(instead_of)!r}")
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {str(path.relative_to(tree))!r}")
    return os.path.relpath(path) + spec.removeprefix(parsed.source)


def _refuse_strays(tree: Path, instead_of: Path) -> None:
    """Raise where a module came from the working tree although the tree of the revision has it, too."""
    ours = Path(__file__).parent
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or os.devnull)
        if not file.is_relative_to(instead_of) or file.is_relative_to(ours):
            continue
        if (tree / file.relative_to(instead_of)).is_file():
            raise BuildError(
                f"{name} was imported from the working tree ({file}), not from the revision; is it installed in "
                "editable mode by something else than its folder? Name it by its file, or put its folder on PYTHONPATH"
            )


ACTIONS: dict[str, Callable[..., Any]] = {"report": report}
