"""Charts. Importing this loads no matplotlib; drawing does."""

from archcost.render.plots.drawing import draw as draw, encoded as encoded, svg_text as svg_text
from archcost.render.plots.kinds import KINDS as KINDS, Kind as Kind, check_option as check_option, kind_of as kind_of
from archcost.render.plots.theme import SIZES as SIZES, THEMES as THEMES, contrast as contrast
