"""A user's source: a file, and a line of the table."""

import pytest
from click.testing import CliRunner

import archcost
from archcost.cli import archcost as command
from archcost.errors import MissingPackageError, UnknownNetworkError
from archcost.sources import parse_spec, table
from archcost.sources.libraries import import_library
from archcost.sources.selection import complete, select

TOY = '''
"""Towers of so many blocks."""

from pathlib import Path

from archcost.errors import UnknownNetworkError
from archcost.sources.inputs import InputSpec
from archcost.sources.network import Network
from archcost.sources.source import Source


class Toy(Source):
    name = "toy"
    form = "toy:WIDTH"
    prefix = "toy:"

    def find(self, spec):
        from torch import nn

        if f"toy:{spec.target}" not in self.names():
            raise UnknownNetworkError(f"there is no toy {spec.target!r}")
        width = int(spec.target)
        build = lambda: nn.Linear(width, width, **spec.arguments)
        return Network(spec=spec.text, name=spec.target, build=build, inputs=(InputSpec(shape=(width,)),))

    def names(self):
        return ["toy:4", "toy:40", "toy:5"]


class Card(Source):
    """Networks of a file that needs no colon."""

    name = "card"
    form = "FILE.card"
    local = True

    def accepts(self, source, target):
        return not source and target.endswith(".card")

    def file_in(self, source, target):
        return target

    def find(self, spec):
        return Toy().find(parse_toy(Path(spec.target).read_text()))


def parse_toy(text):
    from archcost.sources.parse import parse_spec

    return parse_spec("toy:" + text)
'''


@pytest.fixture
def toys(tmp_path, monkeypatch):
    (tmp_path / "toys.py").write_text(TOY + "\n\nSOURCE = Toy()\n")
    (tmp_path / "cards.py").write_text(TOY + "\n\nSOURCE = Card()\n")
    (tmp_path / "small.card").write_text("4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(table, "SOURCES", ["toys", "cards", *table.SOURCES])


def test_a_new_source_is_profiled_globbed_completed_and_said(toys):
    assert archcost.profile("toy:40?bias=false").totals.params == 40 * 40
    assert select(["toy:4*", "lenet5"]) == ("toy:4", "toy:40", "lenet5")
    assert {"toy:", "torchvision:"} <= {*complete("to")}
    assert list(complete("toy:4")) == ["toy:4", "toy:40"]
    assert "toy:WIDTH" in CliRunner().invoke(command, ["--help"]).output
    with pytest.raises(UnknownNetworkError, match="there is no toy '7'"):
        archcost.profile("toy:7")
    with pytest.raises(UnknownNetworkError, match=r"write toy:WIDTH, FILE\.card, .*timm:NAME, .* or a name of"):
        archcost.profile("no_such_module:build")


def test_the_modules_of_a_network_are_completed_level_by_level():
    assert complete("lenet5::c") == ["lenet5::c1", "lenet5::c3", "lenet5::c5"]
    assert complete("resnet18::conv3_x") == ["resnet18::conv3_x", "resnet18::conv3_x.0", "resnet18::conv3_x.1"]
    assert complete("resnet18::conv3_x.") == ["resnet18::conv3_x.0", "resnet18::conv3_x.1"]
    assert complete("resnet18::conv9") == complete("no_such_network::c") == []


def test_a_source_may_know_its_names_by_a_suffix_and_say_which_part_is_a_file(toys):
    spec = parse_spec("small.card?bias=false")
    assert (spec.kind, spec.local, spec.file) == ("card", True, "small.card")
    assert archcost.profile("small.card").totals.params == 4 * 4 + 4
    assert parse_spec("lenet5").kind == "zoo"


def test_which_networks_are_the_users_own_and_which_part_of_a_name_is_a_file():
    found = {text: parse_spec(text) for text in ("timm:a", "torchvision:a", "nets/a.py:b@3?c=1", "a.b:c", "lenet5")}
    assert {text: (spec.local, spec.file) for text, spec in found.items()} == {
        "timm:a": (False, ""), "torchvision:a": (False, ""), "nets/a.py:b@3?c=1": (True, "nets/a.py"),
        "a.b:c": (True, ""), "lenet5": (False, ""),
    }  # fmt: skip


def test_a_missing_package_is_installed_under_its_own_name():
    with pytest.raises(MissingPackageError, match=r"networks need no_such_import, .* `pip install no-such-name`"):
        import_library("no_such_import.models", install="no-such-name")
