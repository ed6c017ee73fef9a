"""Report files crafted to cost their readers much time or memory."""

import json
import subprocess
import sys

import pytest
import torch

import archcost
from archcost.records.reading import CHARACTERS, VALUES
from archcost.records.report import SCHEMA

HEAD = f'{{"schema": "{SCHEMA}", "layers": ['
BOMBS = {
    "a million short layers": lambda layer: HEAD + '{"name": "a"},' * 999_999 + '{"name": "a"}]}',
    "more layers than are read": lambda layer: HEAD + ",".join([layer] * (CHARACTERS // len(layer))) + "]}",
    "as many empty layers as are read": lambda layer: HEAD + "{}," * (VALUES // 2 - 9) + "{}]}",
    "as many short texts as are read": lambda layer: HEAD + '"ab",' * (VALUES - 9) + "0]}",
    "as many lists as are read": lambda layer: "[" + "[]," * (VALUES // 2 - 9) + "0]",
    "as many keys as are read": lambda layer: HEAD + "{" + ",".join(f'"{i}":0' for i in range(VALUES - 9)) + "}]}",
    "one long text": lambda layer: '"' + "a" * (CHARACTERS - 9) + '"',
    "one long text of wide characters": lambda layer: '"' + "\U0001f600" * (CHARACTERS - 9) + '"',
    "one long number": lambda layer: "9" * (CHARACTERS - 9),
    "more characters than are read": lambda layer: " " * (2 * CHARACTERS),
    "nesting without end": lambda layer: "[" * (VALUES - 9),
    "nesting behind a long text": lambda layer: '["' + "a" * (CHARACTERS // 2) + '", ' + "[" * (VALUES // 2),
    "nesting behind many texts": lambda layer: "[" + '"",[],' * (VALUES // 4) + "[" * (VALUES // 4),
}
READ = """
import resource
from archcost.errors import ReportError
from archcost.records import Report

resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
try:
    Report.from_file("bomb.json")
except ReportError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def layer():
    report = archcost.profile(torch.nn.Conv2d(3, 4, 3), torch.ones(1, 3, 8, 8))
    return json.dumps(json.loads(report.to_json())["layers"][1])


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_file_is_refused_within_a_gigabyte_and_a_minute(name, layer, tmp_path):
    (tmp_path / "bomb.json").write_text(BOMBS[name](layer), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
    )
    (tmp_path / "bomb.json").unlink()

    assert (done.returncode, done.stderr[-500:]) == (0, "")
    assert done.stdout.startswith("bomb.json: ")
    assert len(done.stdout) < 1000


def test_the_limit_of_memory_does_end_a_process_that_exceeds_it(tmp_path):
    """The test above can fail."""
    done = subprocess.run(
        [sys.executable, "-c", READ.replace("try:", "len(bytearray(2**30))\ntry:")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "MemoryError" in done.stderr
