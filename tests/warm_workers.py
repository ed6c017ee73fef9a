"""Workers that start at once: forks of a program that has already imported torch.

They behave like real workers. `tests/processes` and other tests of the start and the end use real ones.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from archcost.processes import asking
from archcost.processes.guard import HOME

HERE = os.path.dirname(__file__)  # noqa: PTH120 - the program below imports what it needs alone
PROGRAM = "import sys; sys.path[:0] = sys.argv[1:3]; import warm_workers; warm_workers.serve(int(sys.argv[3]))"
LONGEST = 100_000  # bytes of a request


class Warm:
    """Stands in for `subprocess` in `archcost.processes.asking`."""

    PIPE, TimeoutExpired = subprocess.PIPE, subprocess.TimeoutExpired

    def __init__(self):
        self._lock = threading.Lock()  # a pool asks from several threads
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._program = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, str(HOME), HERE, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()

    def Popen(self, command, *, cwd, **_):  # noqa: N802 - its name
        """Start a warm worker from the command of a real one."""
        their_input, our_output = os.pipe()
        our_input, their_output = os.pipe()
        paths = command[command.index(str(HOME)) + 1 :]
        request = {"cwd": str(cwd or os.getcwd()), "paths": paths, "environment": dict(os.environ)}  # noqa: PTH109
        process = self.ask(request, [their_input, their_output, 2])
        os.close(their_input)
        os.close(their_output)
        text = {"encoding": "utf-8", "errors": "replace"}
        return SimpleNamespace(
            pid=process,
            stdin=os.fdopen(our_output, "w", **text),
            stdout=os.fdopen(our_input, **text),
            wait=lambda timeout=None: self._wait(process, timeout),
            poll=lambda: self.ask({"ended": process}),
            terminate=lambda: self._terminate(process),
        )

    def ask(self, request, files=()):
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], files)
            return json.loads(self._socket.recv(LONGEST))

    def _terminate(self, process):
        if self.ask({"ended": process}) is None:
            os.kill(process, signal.SIGTERM)

    def _wait(self, process, timeout):
        begun = time.monotonic()
        while (code := self.ask({"ended": process})) is None:
            if timeout is not None and time.monotonic() - begun > timeout:
                raise subprocess.TimeoutExpired("a warm worker", timeout)
            time.sleep(0.005)
        return code

    def close(self):
        self._socket.close()
        self._program.wait()


def serve(number):
    """Fork workers until the requests end."""
    import torch  # noqa: F401 - what takes long

    import archcost.profiling.apart
    import archcost.regression.worker_tasks  # noqa: F401 - what workers are asked for
    from archcost.processes import worker

    usual = sys.path[2:]
    asked, ended = socket.socket(fileno=number), {}
    while True:
        data, files, _, _ = socket.recv_fds(asked, LONGEST, 3)
        if not data:
            return
        request = json.loads(data)
        if "ended" in request:
            process = request["ended"]
            if process not in ended:
                found, status = os.waitpid(process, os.WNOHANG)
                ended |= {process: os.waitstatus_to_exitcode(status)} if found else {}
            answer = ended.get(process)
        else:
            answer = _fork(worker.main, request, files, usual, asked)
        asked.send(json.dumps(answer).encode())


def _fork(main, request, files, usual, asked):
    ready, leads = os.pipe()
    process = os.fork()
    if process:
        os.close(leads)
        os.read(ready, 1)  # it leads its group before anyone can end the group
        for file in (ready, *files):
            os.close(file)
        return process
    try:
        os.setsid()
        for file, standard in zip(files, itertools.count()):
            os.dup2(file, standard)
        for file in (ready, leads, *files):
            os.close(file)
        asked.close()
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.path[:] = [*request["paths"], *usual]
        sys.argv[1:] = []
        sys.dont_write_bytecode = True  # see commands.py
        main()
    finally:
        os._exit(1)


@pytest.fixture(scope="session")
def warm():
    """Return the program; the first test that needs it starts it."""
    found = Warm()
    yield found
    found.close()


@pytest.fixture
def warm_workers(warm, monkeypatch):
    """Make workers start warm."""
    monkeypatch.setattr(asking, "subprocess", warm)
