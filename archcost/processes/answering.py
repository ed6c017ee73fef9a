"""A process that runs networks on request, so that their code never runs in the process that asks.

A request is one line of JSON on stdin, its answer one line of JSON on stdout; what a network prints goes to stderr.
The process ends with its stdin: where the asking process was killed, it removes the files that it was to run, too.
`archcost.processes.asking` starts it and speaks to it: in JSON, because a pickle
from a process that has run another revision's code could run that code in the process that reads it.
"""

from __future__ import annotations

import json
import math
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TextIO

from archcost.errors import ArchcostError, ArgumentError, BuildError, UnknownNetworkError, WalkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SAMPLE_NS = 50_000_000  # what a shorter sample measures is the clock and the scheduler


def main() -> None:
    """Answer requests; `_listen` ends the process when there are no more."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a network that reads its input must not take the requests
    asked: SimpleQueue[dict[str, Any]] = SimpleQueue()
    Thread(target=_listen, args=(requests, asked), daemon=True).start()
    while True:
        answers.write(json.dumps(_answer(asked.get())) + "\n")
        answers.flush()


def _listen(requests: TextIO, asked: SimpleQueue[dict[str, Any]]) -> None:
    """Pass requests on, and end the process with them, whatever a network is doing.

    A process that asks and then ends this one itself kills it; so where the requests end, it was killed.
    """
    from archcost.regression.revisions import remove_worktree

    request: dict[str, Any] = {}
    for line in requests:
        request = json.loads(line)
        asked.put(request)
    if request.get("tree") is not None:
        remove_worktree(Path(request["tree"]), Path(request["instead_of"]))
    os._exit(0)


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
    from archcost.profiling.profile import profile
    from archcost.sources import parse_input

    with _only_from(tree, instead_of):
        found = profile(_in_tree(spec, tree, instead_of), [parse_input(text) for text in inputs] or None, **options)
    return found.to_json()


def time(
    spec: str, inputs: Sequence[str], batch: int, samples: int, tree: str | None, instead_of: str | None
) -> list[int]:
    """Time a network's forward pass, in eval mode, on the GPU where there is one; build it the first time.

    Returns:
        The nanoseconds that one pass takes, once for each sample. A sample of a short pass is the mean of several.

    Raises:
        ArchcostError: the network cannot be built or run.
    """
    key = (spec, tuple(inputs), batch)
    if key not in _READY:
        _READY.clear()  # one network at a time takes memory
        with _only_from(tree, instead_of):
            _READY[key] = _timed(_in_tree(spec, tree, instead_of), inputs, batch)
    return [_READY[key]() for _ in range(samples)]


def _timed(spec: str, inputs: Sequence[str], batch: int) -> Callable[[], int]:
    """Build a network, warm it up, and return what takes one sample."""
    import torch

    from archcost import sources
    from archcost.clock.devices import clock_of, device_of
    from archcost.clock.sampling import Rounds, warm_up
    from archcost.profiling.feed import feed_of
    from archcost.records import TimingPlan

    plan = TimingPlan()
    device = device_of(plan.device)
    clock = clock_of(device)
    torch.manual_seed(0)
    network = sources.resolve(spec)
    with torch.device(device):
        module = network.build().eval()
    descriptions = [sources.parse_input(text) for text in inputs] or None
    args, kwargs = feed_of(network, descriptions, None, batch).on(str(device))

    def forward() -> None:
        with torch.no_grad():
            module(*args, **kwargs)

    rounds = Rounds(forward, clock)
    try:
        _, median_ns = warm_up(rounds.wait, plan, clock)
    except Exception as error:
        raise WalkError(f"{spec} cannot be timed: {type(error).__name__}: {error}") from error
    rounds.size = math.ceil(SAMPLE_NS / max(median_ns, 1))
    return lambda: rounds.wait()[0]


def _in_tree(spec: str, tree: str | None, instead_of: str | None) -> str:
    """Have the name of a file mean the tree's file, also where it is absolute."""
    from archcost.sources import parse_spec

    parsed = parse_spec(spec)
    if parsed.kind != "file" or tree is None or instead_of is None:
        return spec
    path = Path(parsed.source).resolve()
    if not path.is_relative_to(tree) and path.is_relative_to(instead_of):
        path = Path(tree) / path.relative_to(instead_of)
    if not path.is_relative_to(tree):
        raise ArgumentError(f"{parsed.source!r} is not in the repository {instead_of!r}")
    if not path.is_file():
        raise UnknownNetworkError(f"there is no file {str(path.relative_to(tree))!r}")
    return os.path.relpath(path) + spec.removeprefix(parsed.source)


@contextmanager
def _only_from(tree: str | None, instead_of: str | None) -> Iterator[None]:
    """Raise where a module came from the working tree although the tree of the revision has it, too."""
    yield
    if tree is None or instead_of is None:
        return
    ours = (Path(__file__).parent, Path(__file__).parent.parent / "regression")
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or os.devnull)
        if not file.is_relative_to(instead_of) or any(map(file.is_relative_to, ours)):
            continue
        if (Path(tree) / file.relative_to(instead_of)).is_file():
            raise BuildError(
                f"{name} was imported from the working tree ({file}), not from the revision; is it installed in "
                "editable mode by something else than its folder? Name it by its file, or put its folder on PYTHONPATH"
            )


ACTIONS: dict[str, Callable[..., Any]] = {"report": report, "time": time}
_READY: dict[tuple[str, tuple[str, ...], int], Callable[[], int]] = {}
