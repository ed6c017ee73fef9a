"""The zoo as plain integers: every network's weighted layers, derived from its paper without any framework.

`LAYERS[name]()` is the list of convolutions and fully connected layers of a network, `BLOCKS[name](channels, size)`
that of a building block. The notation the lists are written in is explained in `layers.py`.
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
