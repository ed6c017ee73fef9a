"""The examples of the README, the documentation and the docstrings run, and give the shown results."""

import doctest
import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import UPDATE

import archcost
from archcost.cli import run
from archcost.metrics import METRICS
from archcost.rules import _registry

pytestmark = pytest.mark.usefixtures("warm_workers")

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILT = {DOCS / "reports", DOCS / "notebooks"}  # pages that a build of the site writes
README = ROOT / "README.md"
PAGES = {
    str(page.relative_to(ROOT)): page
    for page in [README, *sorted(each for each in DOCS.rglob("*.md") if BUILT.isdisjoint(each.parents))]
}
QUANTITIES = DOCS / "reference" / "quantities.md"
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "archcost").rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]
NETWORK = "from torch import nn\n\ndef build():\n    return nn.Conv2d(3, 4, 3)\n"
ELSEWHERE = (  # covered by other tests
    "timm:*", "generate 'hf:", "generate config.json", "explain 'hf:", "RAY_ADDRESS", "--engine ray",
    "python slurm_sweep.py", "rows.jsonl", "times.csv",
)  # fmt: skip


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands(page):
    """Return each command on a page, without its comment, and its shown output."""
    parts = [part for block in blocks(page, "console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(re.sub(r"  +#.*", "", line), shown) for line, _, shown in (part.partition("\n") for part in parts)]


@pytest.fixture
def own_rules():
    """Remove the rules that an example declared."""
    before = dict(_registry._rules)
    yield
    _registry._rules.clear()
    _registry._rules.update(before)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(own_rules, name):
    failed, attempted = doctest.testmod(importlib.import_module(name))

    assert attempted
    assert not failed


@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if blocks(page, "console")])
def test_the_commands_of_a_page_run_in_their_order(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(NETWORK)
    (tmp_path / "pyproject.toml").write_text("")
    for command, shown in commands(PAGES[page]):
        words = shlex.split(command)
        if any(part in command for part in ELSEWHERE):
            continue
        if words[0] == "cat":
            (tmp_path / words[1]).write_text(shown)
            continue
        assert words[0] == "archcost"
        assert run(words[1:]) == 0, command
        written = [Path(words[i + 1]) for i, word in enumerate(words) if word == "-o"]
        assert all(path.stat().st_size for path in written), command
        result = capsys.readouterr()
        assert written or result.out or result.err, command


@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if blocks(page, "python")])
def test_the_python_of_a_page_says_what_it_returns(own_rules, page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a page may write a journal
    names = {"archcost": archcost}
    for block in blocks(PAGES[page], "python"):
        exec(block, names)  # noqa: S102 - our own text
        for line, expected in re.findall(r"^(.+?)  # ([({'\d].*)$", block, re.MULTILINE):
            value = eval(line, names)  # noqa: S307
            assert expected in {repr(value), ", ".join(map(repr, value))}


@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if blocks(page, "toml")])
def test_the_settings_of_a_page_are_toml(page):
    assert all(map(tomllib.loads, blocks(PAGES[page], "toml")))


def test_the_claims_of_a_page_get_their_verdicts(tmp_path, monkeypatch, capsys):
    (claims,) = blocks(DOCS / "howto" / "charts.md", "toml")
    (tmp_path / "mine.toml").write_text(claims)
    assert run(["claims", "--file", str(tmp_path / "mine.toml")]) == 0
    assert "convention" in capsys.readouterr().out


def test_the_readme_begins_with_the_two_commands():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    commands = [line for line in lines[:20] if line.startswith("pip install")]
    assert [line.rpartition("&& ")[2] for line in commands] == ["archcost profile vgg16", "python -m tests"]


def test_the_architecture_names_every_folder_and_a_file_to_start_with():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+/`.*?) \|.*\| (.+?) \|$", text, re.MULTILINE)
    starts = [
        pair
        for first, last in rows
        for pair in zip(re.findall(r"\w+", first), re.findall(r"[\w.]+", last), strict=True)
    ]
    folders = {path.parent.name for path in (ROOT / "archcost").glob("*/*") if path.suffix in {".py", ".csv"}}
    assert {folder for folder, _ in starts} == folders
    assert [pair for pair in starts if not (ROOT / "archcost" / "/".join(pair)).exists()] == []


def test_every_quantity_is_explained():
    text = QUANTITIES.read_text(encoding="utf-8")
    rows = [
        f"| `{name}` | {metric.label} | {metric.unit or 'count'} | {metric.scope} | {metric.definition} |"
        for name, metric in METRICS.items()
    ]
    table = "\n".join(["| name | column | unit | of | meaning |", "|---|---|---|---|---|", *rows, ""])
    if os.environ.get(UPDATE):
        QUANTITIES.write_text(re.sub(r"^\| name .*?^$", lambda _: table, text, flags=re.DOTALL | re.MULTILINE))
    assert table in QUANTITIES.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    if importlib.util.find_spec("sphinx_click") is None:
        pytest.skip("needs archcost[docs]")
    for each in ("archcost", "reports", "docs"):  # the build copies the reports, which other tests should not see
        shutil.copytree(ROOT / each, tmp_path / each, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "site"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    page = (tmp_path / "site" / "reference" / "commands.html").read_text(encoding="utf-8")
    assert "--checkpoint" in page
    assert "{forms}" not in page
    assert "archcost.profile" in (tmp_path / "site" / "reference" / "python.html").read_text(encoding="utf-8")
    tour = (tmp_path / "site" / "notebooks" / "tour.html").read_text(encoding="utf-8")
    assert tour.count("<img ") >= 3  # the charts
    assert "<b>LeNet-5 (lenet5)</b>" in tour
