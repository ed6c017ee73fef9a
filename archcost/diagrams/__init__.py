"""Diagrams: a network or a part of it as boxes and lines, with what each box costs.

`graph` makes the boxes, `labels` names them, `layout` places them, `drawing` draws them.
"""

from archcost.diagrams.diagram import Diagram as Diagram, draw_network as draw_network
from archcost.diagrams.drawing import COSTS as COSTS, SHOWN as SHOWN, Style as Style
