"""Diagrams: a network or a part of it as boxes and lines, with what each box costs.

`graph` makes the boxes, `folding` makes them fewer, `labels` names them, `arrangement` and `layout` place them,
`plan` puts that together, `drawing` draws it.
"""

from archcost.diagrams.diagram import (
    Diagram as Diagram,
    draw_network as draw_network,
    draw_networks as draw_networks,
)
from archcost.diagrams.page import write_html as write_html
from archcost.diagrams.plan import Style as Style
