"""reports/ equals the current output of its commands."""

from __future__ import annotations

import functools
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from archcost.cli import run
from archcost.lectures import INDEX, LECTURES

pytestmark = pytest.mark.usefixtures("warm_workers")

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
PINNED = re.search(r"^matplotlib==(\S+)", (ROOT / "constraints" / "common.txt").read_text(), re.MULTILINE)[1]


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """Write all pages again for the first test that needs them; shared networks are walked once."""

    @functools.cache
    def write():
        folder = tmp_path_factory.mktemp("reports")
        assert run(["report", "-o", str(folder), "-q"]) == 0
        return folder

    return write


@pytest.mark.slow
@pytest.mark.parametrize("name", LECTURES)
def test_a_page_is_what_its_commands_print(name, write):
    assert (write() / f"{name}.md").read_text() == (REPORTS / f"{name}.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for found in LECTURES.values() for path in found.files])
@pytest.mark.skipif(version("matplotlib") != PINNED, reason="another matplotlib draws the same chart by other strokes")
def test_a_chart_is_what_its_command_draws(path, write):
    assert (write() / path).read_bytes() == (REPORTS / path).read_bytes()


def test_nothing_is_left_over():
    charts = {path.relative_to(REPORTS).as_posix() for path in (*REPORTS.glob("charts/*"), *REPORTS.glob("diagrams/*"))}
    assert charts == {path for found in LECTURES.values() for path in found.files}


def test_every_link_leads_somewhere():
    for page in [*REPORTS.glob("*.md"), ROOT / "README.md"]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_index_names_every_page():
    links = re.findall(r"\]\((.+?)\)", (REPORTS / INDEX).read_text())
    assert sorted(links) == sorted(
        str(path.relative_to(REPORTS)) for path in REPORTS.rglob("*.md") if path.name != INDEX
    )
