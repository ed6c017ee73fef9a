"""A third party's source: an entry point of its package."""

import subprocess
import sys

import pytest

from archcost.cli import run
from archcost.sources import table

SOURCE = """
from archcost.sources.inputs import InputSpec
from archcost.sources.network import Network
from archcost.sources.source import Source


class Towers(Source):
    name = "towers"
    form = "towers:HEIGHT"
    prefix = "towers:"
    about = "so many blocks"

    def find(self, spec):
        from torch import nn

        height = int(spec.target)
        build = lambda: nn.Sequential(*(nn.Linear(4, 4, bias=False) for _ in range(height)))
        return Network(spec=spec.text, name=spec.target, build=build, inputs=(InputSpec(shape=(4,)),))


SOURCE = Towers()
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package in the layout of pip."""
    (tmp_path / "towers_source.py").write_text(SOURCE)
    info = tmp_path / "towers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: towers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[archcost.sources]\ntowers = towers_source:SOURCE\n")
    monkeypatch.syspath_prepend(tmp_path)
    forget = table.list_others.cache_clear
    forget()
    yield tmp_path
    forget()
    sys.modules.pop("towers_source", None)


def test_a_package_brings_its_own_source(package, capsys):
    assert run(["profile", "towers:3", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("Linear") == 3
    assert run(["list", "--sources", "--format", "csv"]) == 0
    assert "towers:HEIGHT,so many blocks" in capsys.readouterr().out
    assert run(["profile", "tower:3"]) == 2
    assert "did you mean towers:?" in capsys.readouterr().err


def test_a_source_that_cannot_be_imported_is_named_and_harms_no_other(package, capsys):
    (package / "towers_source.py").write_text("import not_there\n")
    assert run(["profile", "lenet5", "--format", "csv"]) == 0
    assert run(["profile", "towers:3"]) == 3
    assert "the source 'towers' of towers cannot be imported (towers_source:SOURCE)" in capsys.readouterr().err


def test_names_of_the_zoo_and_of_files_look_through_no_packages(package, monkeypatch):
    monkeypatch.setattr(table, "list_others", lambda: pytest.fail("packages were looked through"))
    assert table.find_source("", "vgg16").name == "zoo"
    assert table.find_source("nets.py", "build").name == "file"
    assert table.find_source("timm", "resnet50").name == "timm"


def test_sources_import_nothing_heavy():
    code = (
        "import sys; from archcost.sources.table import find_source, list_sources\n"
        "list_sources(); find_source('', 'vgg16'); heavy = {'torch', 'transformers', 'importlib.metadata', 'numpy'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {"set()", "{'importlib.metadata'}"}  # an editable install has imported it already
