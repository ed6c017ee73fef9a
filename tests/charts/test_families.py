"""One hue and one shape for each line of networks."""

from archcost.charts import THEMES
from archcost.charts.families import LINES, SHAPES, assign_looks, find_line
from archcost.zoo import REGISTRY

LIGHT = THEMES["light"]


def test_every_line_has_a_shape_of_its_own():
    shapes = [shape for _, shape in assign_looks([families[0] for families in LINES.values()], LIGHT).values()]
    assert len(shapes) == len(set(shapes)) == len(LINES) <= len(SHAPES)


def test_no_two_lines_share_a_hue_and_the_eighth_is_grey():
    hues = [hue for hue, _ in assign_looks([families[0] for families in LINES.values()], LIGHT).values()]
    assert hues[:7] == list(LIGHT.hues)
    assert set(hues[7:]) == {LIGHT.rest}
    few = assign_looks(["AlexNet", "NiN", "SqueezeNet", "ResNet", "mine.py"], LIGHT)
    assert len({hue for hue, _ in few.values()}) == 5
    assert LIGHT.rest not in {hue for hue, _ in few.values()}


def test_a_line_looks_the_same_whatever_else_is_shown():
    alone, together = assign_looks(["VGG"], LIGHT), assign_looks(["ResNet", "VGG", "mine.py"], LIGHT)
    assert alone["VGG"] == together["VGG"]
    assert list(together) == ["VGG", "ResNet", "mine.py"]


def test_lines_name_families_of_the_zoo():
    families = {entry.family for entry in REGISTRY}
    assert {family for members in LINES.values() for family in members} <= families
    assert find_line("GoogLeNet") == find_line("Inception-v4") == "Inception"
    assert find_line("mine.py") == "mine.py"
