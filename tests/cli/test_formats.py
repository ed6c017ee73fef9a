"""Every command writes every format; a new format is one module and one line in the table of formats."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import nets_decoder
import pytest

from archcost.cli import COMMANDS, run
from archcost.page import formats
from archcost.page.formats import Format

pytestmark = pytest.mark.usefixtures("warm_workers")

PROJECT = '[tool.archcost.networks.net]\nspec = "lenet5"\n'
SHOWING = {
    "profile": ["lenet5"],
    "fit": ["lenet5", "--memory", "10MB"],
    "generate": [f"{nets_decoder.__file__}:Decoder", "--prompt", "4"],
    "time": ["lenet5", "--no-layers", "--max-time", "0.02", "--threads", "1", "--device", "cpu"],
    "device": ["--datasheet", "NVIDIA H200"],
    "compare": ["lenet5", "lenet_caffe"],
    "diff": ["lenet5", "lenet_caffe", "--force"],
    "check": [],
    "list": ["lenet"],
    "rules": ["mm"],
    "claims": ["lenet5"],
    "explain": ["lenet5", "4M"],
    "verify": ["lenet5"],
    "quiz": ["lenet5"],
    "alternatives": ["timm:resnet50.a1_in1k"],
    "survey": ["accuracy", "torchvision:*"],
}
OTHER = {
    "plot",
    "atlas",
    "draw",
    "explore",
    "init",
    "report",
    "history",
    "slides",
}  # these commands draw, write their own files, or need a repository


def write_text(document, target):
    """Write a page as a new format could: AsciiDoc's titles."""
    assert target.color == "auto"
    return "\n".join(f"= {page.title}" for page in document.pages()) + "\n"


def write_keys(document, target):
    """Write data as a new format could: the keys alone."""
    data = json.loads(document.data())
    return "\n".join(sorted(data if isinstance(data, dict) else data[0])) + "\n"


@pytest.fixture
def toys(monkeypatch):
    for name, writer in (("toy_asciidoc", write_text), ("toy_keys", write_keys)):
        module = ModuleType(name)
        module.write_text = writer
        monkeypatch.setitem(sys.modules, name, module)
    added = [
        Format("asciidoc", (".adoc",), "pages", "toy_asciidoc", "text for Asciidoctor"),
        Format("keys", (".keys",), "data", "toy_keys", "names alone"),
    ]
    monkeypatch.setattr(formats, "FORMATS", [*formats.FORMATS, *added])


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a folder with one accepted network."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_is_here():
    assert {*SHOWING, *OTHER} == set(COMMANDS)


@pytest.mark.parametrize("command", SHOWING)
def test_a_form_that_is_added_to_the_table_is_known_to_every_command(command, toys, project, capsys):
    if command == "check":
        assert run(["check", "--update", "-q"]) == 0
    files = [project / name for name in ("a.adoc", "b.keys", "c.html", "d.csv", "e.txt", "f.md", "g.json")]
    asked = ["-q", "--format", "asciidoc", "-o", "-", *(part for file in files for part in ("-o", str(file)))]

    assert run([command, *SHOWING[command], *asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("= ")
    assert printed == (project / "a.adoc").read_text()
    assert all(file.read_text().strip() for file in files)
    data = json.loads((project / "g.json").read_text())
    assert (project / "b.keys").read_text().split() == sorted(data if isinstance(data, dict) else data[0])
    assert (project / "c.html").read_text().startswith("<!doctype html>")

    assert run([command, "--help"]) == 0
    assert "|html|" in (text := capsys.readouterr().out.replace("\n", "").replace(" ", ""))
    assert "asciidoc|keys]" in text


@pytest.mark.parametrize("command", SHOWING)
def test_a_suffix_that_means_nothing_is_refused_with_those_that_do(command, toys, project, capsys):
    assert run([command, *SHOWING[command], "-o", str(project / "x.xyz")]) == 2
    assert "the suffix must be one of .txt, .json, .csv, .md, .markdown, " in capsys.readouterr().err


def test_a_shell_completes_the_names_of_the_table(toys, monkeypatch):
    from archcost.cli.output import FormatName

    found = FormatName(formats.COMMON).shell_complete(None, None, "")
    values = [item.value for item in found]
    assert values == [form.name for form in formats.FORMATS if form.part in formats.COMMON]
    assert values[-2:] == ["asciidoc", "keys"]
    assert found[-2].help == "text for Asciidoctor"


def test_junit_belongs_to_what_is_judged(project, capsys):
    assert run(["list", "--format", "junit"]) == 2
    assert "'junit' is not one of 'table', 'json'" in capsys.readouterr().err
    assert run(["diff", "lenet5", "lenet5", "-o", "x.xml"]) == 0
    assert 'tests="1"' in (project / "x.xml").read_text()


def test_the_older_name_of_the_table_still_works(project, capsys):
    texts = []
    for name in ("terminal", "table"):
        assert run(["diff", "lenet5", "lenet5_simple", "--format", name]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != ""


def test_one_file_may_have_a_format_of_its_own_whatever_its_suffix(project):
    assert run(["list", "lenet", "--format", "json", "-o", "networks.txt"]) == 0
    assert json.loads((project / "networks.txt").read_text())


def test_of_several_files_the_suffix_decides_and_of_stdout_the_format(project, capsys):
    assert run(["list", "lenet", "--format", "csv", "-o", "-", "-o", "a.json", "-o", "b.txt"]) == 0
    assert capsys.readouterr().out.startswith("id,title")
    assert json.loads((project / "a.json").read_text())
    assert (project / "b.txt").read_text().endswith("\n")
