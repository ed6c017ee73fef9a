"""A module of a network of the zoo, as the network has it."""

from torch import nn

from archcost.zoo._blocks import choose
from archcost.zoo._registry import build
from archcost.zoo.catalog import REGISTRY


def part(network: str, path: str) -> nn.Module:
    """Build a network, and return its module of that path."""
    return choose(dict(build(REGISTRY.find(network)).named_modules()), path, "module")
