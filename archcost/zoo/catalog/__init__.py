"""The names of the zoo, by family, in the order of `archcost list`."""

from archcost.zoo._registry import Registry
from archcost.zoo.catalog import blocks, early, efficient, inception, residual

REGISTRY = Registry((*early.ENTRIES, *inception.ENTRIES, *residual.ENTRIES, *efficient.ENTRIES, *blocks.ENTRIES))
