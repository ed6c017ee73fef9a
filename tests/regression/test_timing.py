"""Two revisions of a network timed in turn, by two real processes."""

import json
import re
import subprocess
import sys
from operator import itemgetter
from xml.etree import ElementTree as ET

import pytest

from archcost.errors import NotInRevisionError
from archcost.records import Checked, Round, Row, Snapshot
from archcost.regression import diff
from archcost.regression.revisions import checkout, working_tree
from archcost.regression.statistics import judge_rounds
from archcost.regression.timing import compare_speed

NET = """
import time

from torch import nn


class Net(nn.Module):
    def forward(self, x):
        time.sleep({seconds})
        return x
"""


SETTINGS = """
[tool.archcost.networks.sleepy]
spec = "sleepy.py:Net"
input = "3x4x4"

[tool.archcost.networks.lenet5]
spec = "lenet5"

[tool.archcost.budgets."*"]
macs = {{ max = "1G" }}
time = {{ max_increase = "5%", level = "{level}" }}
"""


def check(repository, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "archcost", "check", *arguments],
        cwd=repository.path, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.extras
def test_a_network_that_takes_far_longer_exceeds_its_budget_of_time(repository):
    """Head takes ten times as long, so that the verdict holds even if sleeps end late."""
    repository.commit({"sleepy.py": NET.format(seconds=0.01), "pyproject.toml": SETTINGS.format(level="error")})
    repository.write("sleepy.py", NET.format(seconds=0.1))
    slower = check(repository, "--base-ref", "HEAD", "--time", "-o", "check.json", "-o", "check.xml", "-o", "check.md")

    assert slower.returncode == 1, slower.stderr
    assert "archcost: timing sleepy beside its base" in slower.stderr
    assert re.search(r"sleepy: time \+[\d,.]+ %, at most \+5\.0 % · 1 changed of 2 networks", slower.stderr)
    lenet5, sleepy = sorted(
        json.loads((repository.path / "check.json").read_text())["networks"], key=itemgetter("name")
    )
    speed = sleepy["speed"]
    assert (sleepy["outcome"], speed["state"], speed["floor"], speed["level"]) == ("exceeded", "worse", 0.05, "error")
    assert lenet5["speed"] is None  # the same in every commit
    assert 1 < speed["low"] <= speed["ratio"] <= speed["high"]
    assert [(len(each["base_ns"]), len(each["head_ns"])) for each in speed["rounds"]] == [(3, 3)] * 8
    assert all(min(each["base_ns"]) >= 10_000_000 and min(each["head_ns"]) >= 100_000_000 for each in speed["rounds"])
    assert "| +5.0 % | worse |" in (repository.path / "check.md").read_text()
    (failure,) = ET.parse(repository.path / "check.xml").iter("failure")  # noqa: S314 - ours
    assert failure.get("message").endswith("at most +5.0 %: worse")


@pytest.mark.parametrize(
    ("times", "level", "outcome"),
    [
        ((3, 4), "warn", "warned"),
        ((3, 4), "error", "exceeded"),
        ((4, 3), "error", "unchanged"),
        ((3, 3), "error", "unchanged"),
    ],
)
def test_slower_is_a_warning_unless_the_budget_says_error(times, level, outcome):
    rounds = [Round(base_ns=(times[0],), head_ns=(times[1],))] * 8
    row = Row(name="", call=0, kind="Conv2d", outputs=(), values={})
    same = Snapshot(
        spec="net", name="net", mode="eval", inputs=(), conventions="1", totals={"macs": 1}, rows=(row,), uncovered={}
    )
    difference = diff(same, same)
    checked = Checked(name="net", difference=difference, speed=judge_rounds(rounds), speed_level=level)

    assert checked.outcome == outcome


@pytest.mark.parametrize(
    ("setting", "arguments", "says"),
    [
        ('{ max = "5ms" }', [], "time.max: there is no such key; did you mean max_increase?"),
        ('{ max_increase = "1M" }', [], "must be in per cent"),
        ('{ max_increase = "5%" }', ["--time"], "add --base-ref REV"),
    ],
)
def test_what_cannot_be_asked_of_times_is_refused(repository, setting, arguments, says):
    text = SETTINGS.format(level="warn").replace('{ max_increase = "5%", level = "warn" }', setting)
    repository.write("pyproject.toml", text)
    done = check(repository, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_what_is_missing_or_fails_is_said_before_anything_is_timed(repository):
    repository.write("later.py", NET.format(seconds=0))
    with checkout("HEAD") as base, working_tree() as head, pytest.raises(NotInRevisionError, match=r"of HEAD .* exist"):
        compare_speed("later.py:Net", base, head)
