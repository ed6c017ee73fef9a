"""Colours as readers without one kind of cone see them, by the matrices of Machado, Oliveira and Fernandes.

A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG 15 (6), 2009, table 1, severity 1.
Distances are CIE76: Euclidean in CIELAB, white point D65.
"""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.artist import Artist

from archcost.charts import KINDS, THEMES, draw

CONES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def see(colour, cone):
    """Return a colour in CIELAB as a reader with a colour vision deficiency sees it."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(CONES[cone] @ linear, 0, 1) / [0.95047, 1, 1.08883]
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def test_the_simulation_knows_white_and_takes_red_and_green_together():
    assert see("#ffffff", "none") == pytest.approx([100, 0, 0], abs=0.01)
    assert see("#ff0000", "none") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    apart, together = (np.linalg.norm(see("#c05050", cone) - see("#708030", cone)) for cone in ("none", "deuteranopia"))
    assert together < apart / 3


@pytest.mark.parametrize("cone", CONES)
@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_any_two_colours_of_a_chart_lie_apart_for_every_reader(theme, cone):
    """Any two colours, including the grey of the rest, may touch; 20 is ten times the just noticeable difference."""
    seen = {colour: see(colour, cone) for colour in (*theme.hues, theme.rest)}
    assert min(np.linalg.norm(seen[one] - seen[other]) for one, other in combinations(seen, 2)) >= 20


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].file != "balls"])
def test_a_colour_is_opaque_and_so_keeps_its_distance(data, kind):
    """At 85 % opacity the nearest two colours are 16 apart. Balls are pale, but their edges and marks are opaque."""
    for theme in THEMES:
        drawn = draw(kind, data[kind], theme=theme).findobj(Artist)
        assert {artist.get_alpha() for artist in drawn if artist.get_visible()} <= {None, 1}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].file == "balls"])
def test_a_ball_has_an_opaque_edge_and_mark(three, kind):
    axes = draw(kind, three).axes[0]
    pale, edges = (each for each in axes.collections if len(each.get_offsets()) == 3)
    assert pale.get_alpha() == 0.25
    assert edges.get_alpha() is None
    assert {line.get_alpha() for line in axes.lines} == {None}
