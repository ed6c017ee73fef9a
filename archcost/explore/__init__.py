"""A page to play with: a network whose layers the reader changes, with its costs and its drawing, without Python.

`steps` and `changes` describe the operators of a walk as JSON, `layers` the settings, `picture` the drawing, and
`page` writes the file. `arithmetic.js` repeats the arithmetic of `archcost.rules` and `archcost.account` in the page.
"""

from archcost.explore.page import write_html as write_html
