"""Common behaviour of all engines: workers of this machine, and of a cluster."""

import os
import pickle
import re
import signal
import sys
import threading
import time
from itertools import chain, pairwise, repeat
from pathlib import Path
from types import SimpleNamespace

import pytest

from archcost.errors import EngineError
from archcost.processes.asking import AnswerError
from archcost.processes.cluster import Cluster
from archcost.processes.endings import DiedError
from archcost.processes.limits import Limits
from archcost.processes.pool import Pool

TASKS = """
import os
import signal
import time
from pathlib import Path


def double(number):
    return 2 * number


def sleep(seconds):
    begun = time.time()
    time.sleep(seconds)
    return [begun, time.time(), os.environ.get("RAY_RAYLET_PID"), os.environ.get("CUDA_VISIBLE_DEVICES")]


def act(name):
    Path("tried").open("a").write(name + " ")
    {"hang": lambda: time.sleep(3600), "crash": os.abort, "exit": lambda: os._exit(0), "raise": lambda: 1 / 0,
     "eat": lambda: bytearray(1 << 40), "parent": lambda: os.killpg(os.getpgid(os.getppid()), signal.SIGKILL),
     "work": lambda: None}[name]()
    time.sleep(0.5)
    return name


def wait(file):
    Path(file).write_text(f"{os.getpid()} {os.environ.get('RAY_RAYLET_PID')} {os.getppid()}")
    while not Path(f"{file}.go").exists():
        time.sleep(0.05)
    return "went"
"""
LIMITS = Limits(seconds=3.0, memory=1 << 30)
LONG = Limits(seconds=120.0)
ENGINES = ["local", pytest.param("ray", marks=pytest.mark.extras)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "engine_tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def start(request, folder, monkeypatch):
    """Return a function that starts an engine of the test's kind."""

    def start_engine(kind, **options):
        if kind == "local":
            return Pool(2, **options)
        nodes, ray = request.getfixturevalue("nodes"), pytest.importorskip("ray")
        monkeypatch.setenv("RAY_ADDRESS", nodes.address)
        ray.shutdown()
        return Cluster(2, ship=str(folder), **options)

    return start_engine


@pytest.mark.parametrize("kind", ENGINES)
def test_every_request_has_one_answer_whatever_it_does(start, kind):
    names = ["hang", "crash", "exit", "raise", "eat", "parent", *["work"] * 6]
    with start(kind, imports=["engine_tasks"], limits=LIMITS) as engine:
        found = dict(engine.run("engine_tasks:act", [{"name": name} for name in names]))
    assert sorted(found) == [*range(len(names))]
    hang, crash, leave, raises, eat, parent, *work = (found[place] for place in range(len(names)))
    assert [hang.kind, crash.kind, leave.kind, parent.kind] == ["hang", "crash", "crash", "crash"]
    assert "in act" not in str(parent)
    assert "SIGABRT" in str(crash)
    assert "exit code 0" in str(leave)
    assert (raises.kind, eat.kind) == ("ZeroDivisionError", "MemoryError")
    assert work == ["work"] * 6


@pytest.mark.parametrize("kind", ENGINES)
def test_requests_are_taken_when_there_is_somebody_to_run_them(start, kind):
    taken = []

    def requests():
        for number in range(10_000):
            taken.append(number)
            yield {"number": number}

    with start(kind, imports=["engine_tasks"], limits=LIMITS) as engine:
        answers = engine.run("engine_tasks:double", requests())
        place, found = next(answers)
        assert found == 2 * place
        assert len(taken) <= 1 + 4 * 4  # four for each core of both nodes
        answers.close()


@pytest.mark.extras
def test_a_networks_code_is_shipped_to_the_nodes(start):
    with start("ray", imports=["engine_tasks"], limits=LIMITS) as engine:
        ((_, where),) = engine.run("os:getcwd", [{}])
    assert "_ray_pkg" in where  # Ray's copy of the folder


@pytest.mark.extras
def test_nodes_with_other_versions_are_refused(start, monkeypatch):
    monkeypatch.setattr("archcost.processes.cluster.list_versions", lambda _: {"torch": "1.0", "python": "3.11"})
    with start("ray", imports=["engine_tasks"], limits=LIMITS) as engine, pytest.raises(EngineError) as caught:
        list(engine.run("engine_tasks:double", [{"number": 1}]))
    assert "where this process has 1.0; rows of different versions are not mixed" in str(caught.value)


@pytest.mark.extras
def test_a_timing_task_has_a_node_of_its_type_for_itself(start):
    """Each type has four tasks and a node of two cores: they run one after the other, never two at a time."""
    raylets = set()
    for kind in ("H100", "A100"):
        with start("ray", imports=["engine_tasks"], limits=LONG, alone=True, accelerator=kind) as engine:
            found = [row for _, row in engine.run("engine_tasks:sleep", [{"seconds": 0.5}] * 4)]
        spans = sorted((begun, ended) for begun, ended, *_ in found)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        ((raylet, gpu),) = {(raylet, gpu) for *_, raylet, gpu in found}
        assert gpu == "0"
        raylets.add(raylet)
    assert len(raylets) == 2


@pytest.mark.extras
def test_timing_tasks_take_every_node_and_none_twice(start):
    with start("ray", imports=["engine_tasks"], limits=LONG, alone=True) as engine:
        found = [row for _, row in engine.run("engine_tasks:sleep", [{"seconds": 1.0}] * 6)]
    assert len({raylet for *_, raylet, _ in found}) == 2
    for raylet in {raylet for *_, raylet, _ in found}:
        spans = sorted((begun, ended) for begun, ended, each, _ in found if each == raylet)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.extras
def test_a_type_that_no_node_has_is_refused_with_those_that_there_are(start):
    with (
        start("ray", limits=LONG, alone=True, accelerator="H200") as engine,
        pytest.raises(EngineError, match="no node of the cluster has a H200; it has: A100, H100"),
    ):
        list(engine.run("engine_tasks:double", [{"number": 1}]))


@pytest.mark.extras
@pytest.mark.parametrize("victim", ["worker", "task", "node"])
def test_what_was_killed_from_outside_is_no_failure_where_ray_lost_it(start, folder, nodes, victim):
    """Our worker may have been ended by its network; a task of Ray and a node are requested once more."""
    extra = nodes.add_node(num_cpus=1, resources={"accelerator_type:L4": 1}, object_store_memory=100 << 20)
    kind = "L4" if victim != "node" else None
    with start("ray", imports=["engine_tasks"], limits=LONG, alone=True, accelerator=kind) as engine:
        file = folder / "begun"
        answers = engine.run("engine_tasks:wait", [{"file": str(file)}])
        found = []
        asking = threading.Thread(target=lambda: found.extend(answers))
        asking.start()
        while not file.exists() or file.read_text().count(" ") < 2:
            time.sleep(0.05)
        runner, raylet, keeper = map(int, file.read_text().split())
        (parent,) = re.findall(r"^PPid:\t(\d+)$", Path(f"/proc/{keeper}/status").read_text(), re.MULTILINE)
        file.unlink()
        os.kill({"worker": runner, "task": int(parent), "node": raylet}[victim], signal.SIGKILL)
        (folder / "begun.go").touch()
        asking.join(120)
    ((_, answer),) = found
    if victim == "worker":
        assert isinstance(answer, DiedError)
        assert (answer.kind, answer.name) == ("crash", "Killed")
    else:
        assert answer == "went"
    nodes.remove_node(extra)


@pytest.mark.extras
def test_a_cluster_that_is_not_there_is_said_at_once(monkeypatch):
    pytest.importorskip("ray").shutdown()
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # a port without a listener
    with pytest.raises(EngineError, match=r"there is no Ray cluster at 127.0.0.1:1: .*refused"):
        Cluster(1, limits=LIMITS)


@pytest.mark.parametrize("at_first", [1, 0])
def test_a_cluster_that_has_lost_its_nodes_ends_the_sweep(monkeypatch, at_first):
    """Running requests would never end; pending ones must not be left out."""
    counts = chain([at_first], repeat(0))
    remote = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=lambda *_: object()))
    ray = SimpleNamespace(
        is_initialized=lambda: True,
        remote=lambda **_: lambda _: remote,
        nodes=lambda: [{"Alive": True, "Resources": {"CPU": 1}}] * next(counts),
        wait=lambda *_, **__: ([], []),
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr("archcost.processes.cluster.NODE_SECONDS", 0.2)
    with Cluster(1, limits=LIMITS) as engine, pytest.raises(EngineError, match=r"lost every node.*--journal FILE"):
        list(engine.run("builtins:round", [{"number": number} for number in range(9)]))


def test_errors_travel():
    for error in (
        DiedError("it hung", "hang"),
        DiedError("it was killed", name="Killed"),
        AnswerError("OSError", "no"),
    ):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
