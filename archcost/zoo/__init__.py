"""The networks of the lectures: one file per paper, its table as the code; `REGISTRY` names them all.

Importing this package loads no torch: the catalogue is plain data.
"""

from archcost.zoo._registry import Entry as Entry, Paper as Paper, build as build, configure as configure
from archcost.zoo.catalog import REGISTRY as REGISTRY
