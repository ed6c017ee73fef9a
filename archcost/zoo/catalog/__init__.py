"""The names of the zoo, by family, in the order of `archcost list`."""

from archcost.zoo._registry import Registry
from archcost.zoo.catalog import early, efficient, inception, residual

REGISTRY = Registry((*early.ENTRIES, *inception.ENTRIES, *residual.ENTRIES, *efficient.ENTRIES))
