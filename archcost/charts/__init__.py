"""Charts. Importing this loads no matplotlib; drawing does."""

from archcost.charts.canvas import Words as Words
from archcost.charts.drawing import draw as draw, draw_chart as draw_chart
from archcost.charts.encoding import encode_figure as encode_figure, write_svg as write_svg
from archcost.charts.kinds import (
    KINDS as KINDS,
    Kind as Kind,
    check_highlight as check_highlight,
    check_option as check_option,
    find_kind as find_kind,
)
from archcost.charts.theme import SIZES as SIZES, THEMES as THEMES, compute_contrast as compute_contrast
