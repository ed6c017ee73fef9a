"""Settings of all tests: default signals, and the reports and golden texts that several rooms share.

Where to look before writing a test:

* `nets.py`, `nets_sequence.py`: tiny networks with their expected figures, mostly awkward ones;
* `strategies.py`: convolutions and matrix products of all kinds, for Hypothesis;
* `counting.py`: the cost of a function of tensors, and multiplications counted one by one in plain Python;
* `real_memory.py`: the memory of a real run;
* `render/reports.py`, `render/pairs.py`, `render/samples.py`: handwritten reports, checks and timings;
* `zoo/arithmetic/`: every network of the zoo as plain integers, from its paper;
* `commands.py`, `warm_workers.py`: the command line in this process, and workers that have already imported torch;
* `ray_nodes.py`: a cluster of two nodes on this machine, with fake accelerators;
* `pseudo_terminal.py`: a terminal and its final screen;
* `slowness.py`: the tests that `python -m tests --quick` skips.
"""

from __future__ import annotations

import gc
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from commands import archcost  # noqa: F401 - a fixture
from ray_nodes import nodes  # noqa: F401 - a fixture
from render import reports
from slowness import (  # noqa: F401 - pytest looks for hooks here
    pytest_collection_modifyitems,
    pytest_runtest_call,
    pytest_runtest_logreport,
    pytest_terminal_summary,
)
from warm_workers import warm, warm_workers  # noqa: F401 - fixtures

from archcost.profiling.profile import profile
from archcost.sources import resolve
from archcost.verify import collect_opinions

GOLDEN = Path(__file__).parent / "render" / "golden"
UPDATE = "ARCHCOST_UPDATE_GOLDEN"


def pytest_configure():
    """Restore the default action of Ctrl-C here and in started programs, since a background job of a shell ignores it.

    Use one thread per process, too: on a busy machine, threads that wait for each other are far slower than one.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    # torch's objects stay alive: the collector, which some tests and walks call, can skip them
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def vgg16():
    return profile("vgg16", device="meta")


@pytest.fixture
def branched():
    return reports.branched()


@pytest.fixture
def chain():
    return reports.chain()


@pytest.fixture
def golden():
    """Compare a whole text with a stored one; a mismatch leaves the rendered text beside it."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get(UPDATE):
            path.write_text(text, encoding="utf-8")
        stored = path.read_text(encoding="utf-8") if path.exists() else ""
        if text != stored:
            path.with_suffix(".got").write_text(text, encoding="utf-8")
        assert text == stored, f"{path.name} differs: compare {path.stem}.got, or accept it with {UPDATE}=1"

    return compare


@pytest.fixture(scope="session")
def resnet18():
    """Return second opinions on a network of the zoo, computed once."""
    return collect_opinions(resolve("resnet18"))


@pytest.fixture(scope="session")
def unversioned(resnet18):
    """Return ResNet-18's opinions without the versions of the peers, for comparisons of whole texts."""
    return replace(resnet18, opinions=tuple(replace(each, version="1.0") for each in resnet18.opinions), notes=())
