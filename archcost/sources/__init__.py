"""From what a user names ("vgg16", "timm:resnet50", "pkg.mod:fn", "file.py:fn") to a network that can be built."""

from archcost.sources.inputs import (
    InputSpec as InputSpec,
    parse_input as parse_input,
    read_descriptions as read_descriptions,
)
from archcost.sources.network import Network as Network, wrap_module as wrap_module
from archcost.sources.parse import parse_spec as parse_spec
from archcost.sources.resolve import resolve as resolve
from archcost.sources.spec import Spec as Spec
