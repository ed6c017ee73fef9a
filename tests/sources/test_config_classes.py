"""A callable with a configuration parameter gets a configuration of the name's arguments."""

import textwrap

import pytest

from archcost.errors import ArgumentError, BuildError
from archcost.sources import resolve

NETS = """
    from __future__ import annotations
    from dataclasses import dataclass, field
    from torch import nn

    @dataclass
    class Block:
        depth: int = 1

    @dataclass
    class Config:
        width: int = 8
        block: Block = field(default_factory=Block)

    class Plain:
        def __init__(self, width=3):
            self.width = width

    class Net(nn.Module):
        def __init__(self, config: Config, bias: bool = False):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(1, config.width, bias=bias) for _ in range(config.block.depth))

    class Loose(nn.Module):
        def __init__(self, config: Plain | None = None):
            super().__init__()
            self.layer = nn.Linear(1, (config or Plain()).width, bias=False)

    class Transformer(nn.Module):
        config_class = Config

        def __init__(self, config, *inputs, **kwargs):
            super().__init__()
            self.layer = nn.Linear(1, config.width, bias=False)

    def build(config: Config):
        return Net(config)

    def wide(width: int, layer: nn.Module | None = None):
        return nn.Linear(1, width, bias=False)
"""


@pytest.fixture(autouse=True)
def nets(tmp_path, monkeypatch):
    (tmp_path / "nets.py").write_text(textwrap.dedent(NETS))
    monkeypatch.chdir(tmp_path)


def count(spec):
    return sum(parameter.numel() for parameter in resolve(spec).build().parameters())


@pytest.mark.parametrize(
    ("spec", "params"),
    [
        ("Net", 8), ("Net?width=32", 32), ("Net?width=32&block.depth=3", 96), ("Net?width=4&bias=true", 8),
        ("build?width=5", 5), ("Loose", 3), ("Loose?width=6", 6), ("Transformer?width=7", 7), ("wide?width=9", 9),
    ],
)  # fmt: skip
def test_arguments_go_to_the_configuration_or_to_the_callable(spec, params):
    assert count(f"nets.py:{spec}") == params


def test_wrong_fields_are_corrected():
    with pytest.raises(ArgumentError, match=r"Config has no field 'widht'; did you mean width\?"):
        count("nets.py:Net?widht=3")
    with pytest.raises(ArgumentError, match=r"Block has no field 'dep'; did you mean depth\?"):
        count("nets.py:Net?block.dep=3")
    with pytest.raises((ArgumentError, BuildError), match=r"takes? no|unexpected keyword"):
        count("nets.py:wide?width=3&height=4")
