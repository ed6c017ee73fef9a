"""What holds for all tests: signals are heard, and the reports and golden texts that several rooms share.

Where to look before writing a test:

* `nets.py`, `nets_sequence.py`: tiny networks that know their own answers, the awkward ones above all;
* `strategies.py`: convolutions and matrix products of all kinds, for Hypothesis;
* `counting.py`: what a function of tensors costs, and multiplications counted one by one in plain Python;
* `real_memory.py`: what a real run holds;
* `render/reports.py`, `render/pairs.py`, `render/samples.py`: reports, checks and timings that are written by hand;
* `zoo/arithmetic/`: every network of the zoo in plain integers, from its paper;
* `commands.py`, `warm_workers.py`: the command line, in this process, and its workers, with torch imported already;
* `ray_nodes.py`: a cluster of two nodes on this machine, with pretended accelerators;
* `pseudo_terminal.py`: a terminal, and what stands on its screen in the end;
* `slowness.py`: which tests `python -m tests --quick` leaves out.
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
    """Hear Ctrl-C, and let the programs that tests start hear it: a shell's background job inherits deaf ears.

    One thread for each process, too: threads that wait for each other on a busy machine take far longer than one.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    # torch's objects stay: the collector, which some tests and some walks call, need not look through them each time
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
    """Compare a text with a stored one as a whole; a mismatch leaves what was rendered beside it."""

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
    """Return second opinions on a network of the zoo, looked at once."""
    return collect_opinions(resolve("resnet18"))


@pytest.fixture(scope="session")
def unversioned(resnet18):
    """ResNet-18's opinions with the versions of the peers taken out, for texts that are compared as a whole."""
    return replace(resnet18, opinions=tuple(replace(each, version="1.0") for each in resnet18.opinions), notes=())
