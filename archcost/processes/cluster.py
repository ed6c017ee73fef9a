"""Workers of a Ray cluster, with the interface of local workers.

A Ray task uses its own `asking.Worker`, so that limits, isolation and the names of failures are the same as on this
machine; Ray's messages about its own processes are not attributed to networks. Ray retries nothing, because a network
that ends its process would end one process after another. Only a task that Ray itself lost, with its node for example,
is retried once.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from archcost.errors import EngineError, MissingPackageError, first_line
from archcost.processes.asking import AnswerError, Worker
from archcost.processes.endings import DiedError
from archcost.processes.guard import Guard
from archcost.processes.requests import Requests
from archcost.processes.versions import list_versions

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from archcost.processes.engine import Answer
    from archcost.processes.limits import Limits
    from archcost.processes.requests import Asked

AHEAD = 4  # running tasks for each core: no core waits for the driver, and few references are held
LOOK_SECONDS = 10.0  # between two checks whether the cluster has grown
CONNECT_SECONDS = 10.0
NODE_SECONDS = 60.0  # that a cluster may be without nodes
TRIES = 2  # of a task that Ray has lost
NO_NODE = (
    "the cluster has lost every node that could go on; --journal FILE keeps the rows that there are: start the cluster "
    "again, and the same command"
)
NOT_SHIPPED = [
    ".git",
    ".venv",
    "venv",
    "env",
    "node_modules",
    "__pycache__",
    "*.pt",
    "*.pth",
    "*.safetensors",
    "*.onnx",
]


class Cluster:
    """The cluster at RAY_ADDRESS, or a local one if that is not set; an `engine.Engine`.

    `ship` is a folder that is copied to every node and in which networks run, None if no network needs the user's code.
    The versions of `packages`, archcost, Python and torch must be the same on every node. With `alone`, each
    request has a whole node to itself, with one GPU if the node has any; `accelerator` is the GPU's type.
    """

    def __init__(
        self,
        jobs: int | None,
        *,
        imports: Sequence[str] = (),
        limits: Limits,
        packages: Sequence[str] = (),
        ship: str | None = None,
        alone: bool = False,
        accelerator: str | None = None,
    ) -> None:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise MissingPackageError("--engine ray needs ray; run `pip install archcost[ray]`") from error
        self._ray: Any = ray
        self._owned = not ray.is_initialized()
        self._packages = tuple(packages)
        self._asked = (tuple(imports), limits, self._packages)
        self._alone = alone
        self._accelerator = accelerator
        self._seen = 0.0  # when the cluster last had a node
        if self._owned:
            _connect(ray, jobs, ship)
        self._task = ray.remote(num_cpus=1, max_retries=0)(_ask)

    def run(self, task: str, requests: Iterable[Mapping[str, Any]]) -> Generator[tuple[int, Answer]]:
        """Yield the place of each request and its answer; see `Engine`.

        Raises:
            EngineError: a node has other versions than this process, no node has the requested accelerator, or no node
                is left.
        """
        left = Requests(requests)
        flying: dict[Any, Asked] = {}
        self._seen = time.monotonic()
        try:
            while True:
                self._start(task, left, flying)
                if not flying and left.are_done:
                    return
                for ref in self._wait(flying):
                    asked = flying.pop(ref)
                    found = self._fetch(ref)
                    lost = isinstance(found, DiedError) and found.kind == "interruption"
                    if lost and asked.tries < TRIES:
                        left.put_back(asked._replace(tries=asked.tries + 1))
                    else:
                        yield asked.place, found
        except KeyboardInterrupt:
            for ref, asked in flying.items():
                self._ray.cancel(ref, force=True)
                yield asked.place, DiedError("it was stopped", "interruption")
            raise

    def _start(self, task: str, left: Requests, flying: dict[Any, Asked]) -> None:
        """Start a task in each free place."""
        for node, options in self._find_places([asked.node for asked in flying.values()]):
            following = left.take()
            if following is None:
                return
            ref = self._task.options(**options).remote(task, dict(following.request), *self._asked)
            flying[ref] = following._replace(node=node)

    def _wait(self, flying: Mapping[Any, Asked]) -> Sequence[Any]:
        """Wait for up to `LOOK_SECONDS`; return a task that has ended, if any.

        Raises:
            EngineError: no node is left, so the running tasks would never end.
        """
        if time.monotonic() - self._seen > NODE_SECONDS:
            raise EngineError(NO_NODE)
        if not flying:
            time.sleep(1)
            return ()
        ready: Sequence[Any] = self._ray.wait(list(flying), num_returns=1, timeout=LOOK_SECONDS)[0]
        return ready

    def _find_places(self, taken: Sequence[str]) -> Iterable[tuple[str, dict[str, Any]]]:
        """Return the free places: a node's name, "" for any node, and the options of a task there."""
        nodes = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        if nodes:
            self._seen = time.monotonic()
        if not self._alone:
            width = AHEAD * int(sum(node["Resources"]["CPU"] for node in nodes))
            return [("", {})] * (width - len(taken))
        kind = self._accelerator and f"accelerator_type:{self._accelerator}"
        chosen = [node for node in nodes if not kind or kind in node["Resources"]]
        if kind and nodes and not chosen:
            types = {name.partition(":")[2] for node in nodes for name in node["Resources"] if ":" in name}
            known = ", ".join(sorted(each for each in types if each and "." not in each and "_" not in each)) or "none"
            raise EngineError(f"no node of the cluster has a {self._accelerator}; it has: {known}")
        return [(node["NodeID"], self._reserve(node)) for node in chosen if node["NodeID"] not in taken]

    def _reserve(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a task that reserves a node: all cores and one GPU."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        found = node["Resources"]
        return {
            "num_cpus": found["CPU"],
            "num_gpus": min(1, found.get("GPU", 0)),
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        }

    def _fetch(self, ref: Any) -> Answer:
        """Return a task's answer; an interruption if Ray lost the task."""
        try:
            answer, versions, node = self._ray.get(ref)
        except self._ray.exceptions.OutOfMemoryError:
            return DiedError("its node had too little memory, and Ray ended it", "memory")
        except self._ray.exceptions.RayTaskError as error:  # before any network ran
            raise EngineError(f"a node of the cluster cannot run archcost: {error.cause or error}") from error
        except self._ray.exceptions.RayError as error:
            return DiedError(f"the node that ran it was lost: {first_line(error)}", "interruption")
        here = list_versions(self._packages)
        if versions != here:
            other = ", ".join(
                f"{name} {versions.get(name, 'missing')} where this process has {here.get(name, 'none')}"
                for name in sorted({*here, *versions})
                if versions.get(name) != here.get(name)
            )
            raise EngineError(f"node {node} of the cluster has {other}; rows of different versions are not mixed")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._owned:
            self._ray.shutdown()


def _connect(ray: Any, jobs: int | None, ship: str | None) -> None:
    """Connect to the cluster at RAY_ADDRESS; start a local one if that is not set."""
    environment: dict[str, Any] = {} if ship is None else {"working_dir": ship, "excludes": NOT_SHIPPED}
    address = os.environ.get("RAY_ADDRESS")
    own = {} if address else {"num_cpus": jobs, "include_dashboard": False, "object_store_memory": 100 << 20}
    quiet = {"log_to_driver": False, "logging_level": "error"}
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    try:
        if host and port.isdecimal():  # Ray itself would retry for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address=address or "local", runtime_env=environment, **quiet, **own)
    except (RuntimeError, ValueError, OSError) as error:
        ray.shutdown()
        raise EngineError(f"there is no Ray cluster at {address or 'this machine'}: {error}") from error


def _ask(
    task: str, request: dict[str, Any], imports: tuple[str, ...], limits: Limits, packages: tuple[str, ...]
) -> tuple[Answer, dict[str, str], str]:
    """Send a request to the worker of this Ray process; return its answer, the versions and the node."""
    import ray

    found: Answer
    try:
        found = _find_worker(imports, limits).ask(task, **request)
    except (AnswerError, DiedError) as error:
        found = error
    return found, list_versions(packages), ray.get_runtime_context().get_node_id()


def _find_worker(imports: tuple[str, ...], limits: Limits) -> Worker:
    """Return the only worker of this process; replace it if imports, limits or GPUs have changed."""
    key = (imports, limits, os.environ.get("CUDA_VISIBLE_DEVICES"))
    if key not in _HELD:
        for former in _HELD.values():
            former.close()
        _HELD.clear()
        paths = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the current folder
        _HELD[key] = Worker(Guard(), paths=paths, imports=imports, limits=limits, sheltered=True)
    return _HELD[key]


_HELD: dict[Any, Worker] = {}
