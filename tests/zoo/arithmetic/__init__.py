"""The zoo as plain integers: the weighted layers of every network, derived from its paper without a framework.

`LAYERS[name]()` is the list of convolutions and fully connected layers of a network, `BLOCKS[name](channels, size)` the
list of a building block. `layers.py` explains the notation of the lists.
"""

from . import dense, early, efficient, inception, inception_299, nasnet, residual
from .blocks import BLOCKS
from .layers import Layer, conv, fc

__all__ = ["BLOCKS", "LAYERS", "Layer", "conv", "fc"]


def _layers(build):
    return lambda: build().layers


LAYERS = {
    name: _layers(build)
    for family in (early, inception, inception_299, residual, dense, efficient, nasnet)
    for name, build in family.NETWORKS.items()
}
