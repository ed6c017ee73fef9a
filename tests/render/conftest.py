"""Reports for the tests of rendering, and the comparison with the golden texts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from render import reports

from archcost.profiling.profile import profile

GOLDEN = Path(__file__).parent / "golden"
UPDATE = "ARCHCOST_UPDATE_GOLDEN"


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
