"""Charts. Importing this loads no matplotlib; drawing does."""

from archcost.charts.drawing import draw as draw, encoded as encoded, svg_text as svg_text
from archcost.charts.kinds import KINDS as KINDS, Kind as Kind, check_option as check_option, kind_of as kind_of
from archcost.charts.theme import SIZES as SIZES, THEMES as THEMES, contrast as contrast
