"""Tasks of a worker that runs the files of a revision, called by `archcost.regression.revisions`.

Requests and answers are plain JSON, because the calling process must not trust the revision's code.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost import processes
from archcost.errors import ArgumentError, BuildError, UnknownNetworkError
from archcost.sources import parse_input, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# the installed archcost must run here, even if the repository is archcost's own
OURS = (Path(processes.__file__).parent, Path(__file__).parent)


def report_network(
    spec: str, inputs: Sequence[str], options: Mapping[str, Any], tree: str | None, instead_of: str | None
) -> str:
    """Profile a network, and return its report as JSON.

    Args:
        spec: the network's name.
        inputs: descriptions such as "3x224x224"; empty for the network's default.
        options: keyword arguments of `archcost.profile`.
        tree: the folder of the revision's files; None for the working tree.
        instead_of: the working tree of the same repository, whose code must not run.

    Raises:
        ArchcostError: any error of `archcost.profile`.
        BuildError: code of the working tree was imported instead of the revision's.
    """
    from archcost.profiling.profile import profile

    with _only_from(tree, instead_of):
        found = profile(_in_tree(spec, tree, instead_of), list(map(parse_input, inputs)) or None, **options)
    return found.to_json()


def time_network(
    spec: str, inputs: Sequence[str], batch: int, samples: int, tree: str | None, instead_of: str | None
) -> list[int]:
    """Time `count` forward passes of a network, which is built at the first call. See `prepare_pass`.

    Raises:
        ArchcostError: the network cannot be built or run.
    """
    from archcost.profiling.passes import prepare_pass

    key = (spec, tuple(inputs), batch)
    if key not in _READY:
        _READY.clear()  # keep one network in memory at a time
        with _only_from(tree, instead_of):
            _READY[key] = prepare_pass(_in_tree(spec, tree, instead_of), list(map(parse_input, inputs)), batch)
    return [_READY[key]() for _ in range(samples)]


def _in_tree(spec: str, tree: str | None, instead_of: str | None) -> str:
    """Return the spec with its file's name leading into the tree, even if the name is absolute."""
    named = parse_spec(spec).file
    if not named or tree is None or instead_of is None:
        return spec
    path = Path(named).resolve()
    if not path.is_relative_to(tree) and path.is_relative_to(instead_of):
        path = Path(tree) / path.relative_to(instead_of)
    if not path.is_relative_to(tree):
        raise ArgumentError(f"{named!r} is not in the repository {instead_of!r}")
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {str(path.relative_to(tree))!r}")
    return spec.replace(named, os.path.relpath(path), 1)


@contextmanager
def _only_from(tree: str | None, instead_of: str | None) -> Iterator[None]:
    """Raise if a module was imported from the working tree although the revision's tree has it."""
    yield
    if tree is None or instead_of is None:
        return
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or os.devnull)
        if not file.is_relative_to(instead_of) or any(map(file.is_relative_to, OURS)):
            continue
        if (Path(tree) / file.relative_to(instead_of)).is_file():
            raise BuildError(
                f"{name} was imported from the working tree ({file}), not from the revision; is it installed in "
                "editable mode by something else than its folder? Name it by its file, or put its folder on PYTHONPATH"
            )


_READY: dict[tuple[str, tuple[str, ...], int], Callable[[], int]] = {}
