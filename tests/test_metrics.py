"""A quantity is its field in the records, its computation, and its row in METRICS: nothing else names it."""

import json
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import archcost
from archcost.metrics import METRICS, SUMS, USUAL, ranks
from archcost.records import Layer, OperatorCosts, Totals

PACKAGE = Path(archcost.__file__).parent
WORKED_OUT = {"intensity"}  # computed from other quantities when a table is made
# The three places, and the text inserted behind their anchors: seven gadgets for each operator.
PLACES = {
    "records/costs.py": [
        ("    macts: int = 0\n", "    gadgets: int | None = None\n"),
        ("    optimizer_state_bytes: int | None = None\n", "    gadgets: int | None = None\n"),
    ],
    "account/layers.py": [("        macts,\n", "        7 * len(row.ops),\n")],
    "metrics.py": [
        (
            "_ALL = (\n",
            '    _metric("gadgets", "Gadgets", "seven for each operator",\n'
            "            layer_rank=0, module_rank=0, compare_rank=0, usual=4),\n",
        )
    ],
}
NET = """
import torch

def build(width=4, extra=False):
    layers = [torch.nn.Conv2d(3, width, 3), torch.nn.ReLU(), *([torch.nn.ReLU()] if extra else [])]
    return torch.nn.Sequential(*layers)
"""
SETTINGS = '[tool.archcost.networks.net]\nspec = "net.py:build"\ninput = "3x8x8"\n'
RUN = """
import contextlib, io, json, sys
from archcost.cli import run

found = []
for arguments in json.load(sys.stdin):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        code = run(arguments)
    found.append((code, text.getvalue()))
print(json.dumps(found))
"""
PROFILE = ("profile", "net.py:build", "--input", "3x8x8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a project, an archcost that counts gadgets, and the files that today's archcost wrote of the project."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "net.py").write_text(NET)
    (folder / "pyproject.toml").write_text(SETTINGS)
    today(folder, (*PROFILE, "-o", "before.json"))
    shutil.copytree(PACKAGE, folder / "archcost", ignore=shutil.ignore_patterns("__pycache__"))
    for name, additions in PLACES.items():
        path = folder / "archcost" / name
        text = path.read_text()
        for anchor, line in additions:
            assert text.count(anchor) == 1
            text = text.replace(anchor, anchor + line)
        path.write_text(text)
    return folder


def today(folder, *commands):
    return run(folder, *commands, path=PACKAGE.parent)


def run(folder, *commands, path=""):
    """Return the exit code and the output of commands, run in turn in one process."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(path or folder)!r})\n{RUN}"],
        input=json.dumps(commands), capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_new_quantity_is_wherever_it_is_declared(folder):
    """A convolution and a ReLU are two operators: 14 gadgets."""
    (
        (_, table), (_, modules), (_, chosen), (_, csv), (_, data), (_, compared), (_, compared_csv), (_, html),
    ) = found = run(
        folder,
        PROFILE,
        (*PROFILE, "--view", "modules", "--sort", "gadgets"),
        (*PROFILE, "--columns", "gadgets", "--sort", "gadgets"),
        (*PROFILE, "--format", "csv"),
        (*PROFILE, "--format", "json"),
        ("compare", "net.py:build", "net.py:build?extra=true", "--input", "3x8x8", "--sort", "gadgets", "--jobs", "1"),
        ("compare", "net.py:build", "--input", "3x8x8", "--jobs", "1", "--format", "csv"),
        (*PROFILE, "--format", "html"),
    )  # fmt: skip

    assert [code for code, _ in found] == [0] * 8
    for text in (table, modules, chosen):
        assert "Gadgets" in text
        assert total_line(text)["Gadgets"] == "14"
    assert [line.split(",")[csv.splitlines()[0].split(",").index("gadgets")] for line in csv.splitlines()[1:]] == [
        "0", "7", "7",
    ]  # fmt: skip
    report = json.loads(data)
    assert (report["totals"]["gadgets"], [layer["gadgets"] for layer in report["layers"]]) == (14, [0, 7, 7])
    assert [line.split()[0] for line in compared.splitlines() if line.startswith("net.py")] == [
        "net.py:build", "net.py:build?extra=true",
    ]  # fmt: skip
    assert "Gadgets" in compared
    assert "gadgets" in compared_csv.splitlines()[0].split(",")
    assert "seven for each operator" in html


def total_line(text):
    """Return the total below the heading of each numeric column, and the separate headings."""
    lines = text.splitlines()
    heading = next(line for line in lines if "Gadgets" in line)
    total = next(line for line in lines if line.startswith("Total"))
    end = heading.index("Gadgets") + len("Gadgets")
    return {"Gadgets": total[:end].split()[-1]}


def test_a_new_quantity_is_compared_and_gated(folder):
    """One more operator: 21 gadgets."""
    run(folder, (*PROFILE, "-o", "a.json"), ("profile", "net.py:build?extra=true", *PROFILE[2:], "-o", "b.json"))
    (
        (code, text), (grown, _), (most, _), (locked, _), (same, said), (changed, why),
    ) = run(
        folder,
        ("diff", "a.json", "b.json"),
        ("diff", "a.json", "b.json", "--fail-if", "gadgets>+49%"),
        ("diff", "a.json", "b.json", "--fail-if", "gadgets>+50%"),
        ("check", "--update"),
        ("check",),
        ("check", "--fail-if", "gadgets>13"),
    )  # fmt: skip

    assert (code, grown, most, locked, same, changed) == (0, 1, 0, 0, 0, 1)
    assert "1 layer explains 100 % of +7 Gadgets" in text
    assert "Gadgets" in said
    assert "Gadgets 14" in why
    columns = json.loads((folder / "archcost.lock.json").read_text())["networks"]["net"]["columns"]
    assert "gadgets" in columns


def test_what_was_written_before_a_quantity_does_not_know_it(folder):
    """The quantity is neither 0 nor new, and no growth limit of it is kept or exceeded."""
    (_, _), (code, text), (gated, why), (most, _) = run(
        folder,
        (*PROFILE, "-o", "a.json"),
        ("diff", "before.json", "a.json"),
        ("diff", "before.json", "a.json", "--fail-if", "gadgets>+0%"),
        ("diff", "before.json", "a.json", "--fail-if", "gadgets>13"),
    )

    assert (code, gated, most) == (0, 3, 1)
    line = next(line for line in text.splitlines() if line.startswith("Gadgets"))
    assert line.split() == ["Gadgets", "14", "unknown", "before"]
    assert "no baseline: it has no gadgets of 'net.py:build'" in why


def test_a_lock_from_before_a_quantity_is_read(folder):
    """Without a budget the known quantities are held, and the lock has gadgets after the next --update."""
    today(folder, ("check", "--update"))
    (code, _), (gated, why) = run(folder, ("check",), ("check", "--fail-if", "gadgets>+0%"))

    assert (code, gated) == (0, 3)
    assert "no baseline: it has no gadgets of 'net.py:build'; count it anew" in why


def test_the_table_fits_the_records():
    rows, whole = set(Layer._fields), {field.name for field in fields(Totals)}
    for name, metric in METRICS.items():
        assert name in WORKED_OUT or (name in rows) == (metric.scope != "total")
        assert (name in whole) == (metric.scope != "layer")
        assert not metric.sums or metric.scope == "both"
        assert not metric.operators or name in {field.name for field in fields(OperatorCosts)}
    assert whole - {"layers"} <= set(METRICS)
    assert all(METRICS[name].scope != "total" for name in ranks("layer"))
    assert set(ranks("module")) <= set(SUMS)
    assert all(METRICS[name].scope != "layer" for name in ranks("compare"))
    assert USUAL == ("macs", "params", "activation_bytes")


def test_columns_stand_in_the_order_of_their_places():
    assert list(ranks("compare")) == [
        "params", "macs", "activation_elements", "macts", "peak_inference_bytes", "depth",
    ]  # fmt: skip


def test_the_table_needs_no_torch():
    code = "import sys, archcost.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
