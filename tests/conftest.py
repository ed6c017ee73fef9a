"""What holds for all tests: signals are heard, and the reports and golden texts that several rooms share."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from render import reports

from archcost.profiling.profile import profile
from archcost.sources import resolve
from archcost.verify import second_opinions

GOLDEN = Path(__file__).parent / "render" / "golden"
UPDATE = "ARCHCOST_UPDATE_GOLDEN"


def pytest_configure():
    """Hear Ctrl-C, and let the programs that tests start hear it: a shell's background job inherits deaf ears."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
    return second_opinions(resolve("resnet18"))


@pytest.fixture(scope="session")
def unversioned(resnet18):
    """ResNet-18's opinions with the versions of the peers taken out, for texts that are compared as a whole."""
    return replace(resnet18, opinions=tuple(replace(each, version="1.0") for each in resnet18.opinions), notes=())
