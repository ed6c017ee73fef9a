"""The names of the zoo, by family, in the order of `archcost list`."""

from archcost.zoo._registry import Registry
from archcost.zoo.catalog import blocks, early, efficient, inception, modules, residual

ROOMS = (early, inception, residual, efficient, blocks, modules)
REGISTRY = Registry(entry for room in ROOMS for entry in room.ENTRIES)
