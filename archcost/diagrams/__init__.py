"""Diagrams: a network or a part of it as boxes and lines, with the cost of each box.

`graph` creates the boxes, `folding` reduces their number, `labels` names them, `arrangement`, `bending` and `layout`
place them, `plan` combines these steps, and `drawing` draws the plan.
"""

from archcost.diagrams.diagram import (
    Diagram as Diagram,
    draw_network as draw_network,
    draw_networks as draw_networks,
)
from archcost.diagrams.page import write_html as write_html
from archcost.diagrams.plan import Style as Style
