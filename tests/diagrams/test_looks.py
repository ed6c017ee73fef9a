"""The looks of an SVG: boxes and letters neither overlap nor are cut, for any network and size."""

import itertools
import re
from xml.etree import ElementTree as ET

import pytest
import torch
from torch import nn

import archcost
from archcost.charts import write_svg
from archcost.cli import run
from archcost.diagrams import Style, draw_networks
from archcost.diagrams.plan import measure
from archcost.lectures import find_lecture
from archcost.profiling.many import remember_reports
from archcost.zoo import REGISTRY

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = [  # networks, depth (None: as much as fits), style
    ("inception_naive", None, {}),
    ("inception_reduced", None, {"size": "slide"}),
    ("inception_reduced", None, {"direction": "right", "cost": "params"}),
    ("googlenet_aux", None, {}),
    ("vgg16", None, {"size": "4:3"}),
    ("resnet50", None, {"cost": "receptive-field"}),
    ("resnet50", 0, {"show": "colour"}),
    ("inception_v4::stem", 0, {"theme": "dark"}),
    ("inception_v4::inception_c.0", 0, {"direction": "right"}),
    ("nasnet_a_mobile", 1, {}),
    ("nasnet_a_mobile::cells.reduction1", None, {"show": "width"}),
    ("nasnet_a_mobile::cells.cell5", 0, {"direction": "right"}),
    ("densenet121::dense_block1", 0, {"size": "paper"}),
    ("fractalnet20::block2", 0, {}),
    ("alexnet_grouped", None, {"columns": 2}),
    ("plain34 resnet34 vgg19", 2, {"cost": "none"}),
]


def read_svg(svg):
    """Return the boxes, the texts and the canvas, each as left, top, right, bottom."""
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    canvas = (0.0, 0.0, *map(float, root.attrib["viewBox"].split()[2:]))
    boxes, texts = [], []
    for group in root.iter(f"{SVG}g"):
        if group.attrib.get("id", "").startswith("box-"):
            path = group.find(f"{SVG}path").attrib["d"]
            xs, ys = (list(map(float, re.findall(r"-?[\d.]+", path)[i::2])) for i in (0, 1))
            boxes.append((group.attrib["id"], (min(xs), min(ys), max(xs), max(ys))))
    for text in root.iter(f"{SVG}text"):
        style = text.attrib["style"]
        size = float(re.search(r"([\d.]+)px", style)[1])
        place = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.attrib.get("transform", ""))
        x, y = map(float, place.groups()) if place else (float(text.attrib["x"]), float(text.attrib["y"]))
        width = measure(text.text, size) * (1.1 if "bold" in style or "700" in style else 1)
        left = x - (width / 2 if "text-anchor: middle" in style else 0)
        texts.append((text.text, (left, y - 0.75 * size, left + width, y + 0.2 * size)))
    return boxes, texts, canvas


def find_faults(svg):
    """Return overlapping parts, cut parts, and letters that cross the edge of a box."""
    boxes, texts, canvas = read_svg(svg)
    assert boxes
    assert texts
    pairs = [*itertools.combinations(boxes, 2), *itertools.combinations(texts, 2)]
    faults = [(one, other) for (one, a), (other, b) in pairs if _share(a, b)]
    faults += [(name, box) for name, a in texts for box, b in boxes if _share(a, b) and not _holds(b, a)]
    return faults + [(name, "cut") for name, a in (*boxes, *texts) if not _holds(canvas, a)]


def _share(a, b, least=0.5):
    return min(a[2], b[2]) - max(a[0], b[0]) > least and min(a[3], b[3]) - max(a[1], b[1]) > least


def _holds(a, b, most=0.5):
    return a[0] <= b[0] + most and a[1] <= b[1] + most and a[2] >= b[2] - most and a[3] >= b[3] - most


@pytest.fixture(scope="module")
def profile():
    known = {}

    def profile(spec):
        if spec not in known:
            known[spec] = archcost.profile(spec)
        return known[spec]

    return profile


def draw(profile, names, depth=None, columns=1, **style):
    parts = [(profile(spec), module) for spec, _, module in (name.partition("::") for name in names.split())]
    return draw_networks(parts, depth=depth, columns=columns, style=Style(**style))


@pytest.mark.parametrize(("names", "depth", "style"), DRAWN)
def test_nothing_overlaps_and_nothing_is_cut(profile, names, depth, style):
    assert find_faults(write_svg(draw(profile, names, depth, **style).figure)) == []


def test_nothing_overlaps_on_the_page_of_diagrams_at_the_size_of_a_slide(tmp_path):
    found, file = {}, tmp_path / "x.svg"
    with remember_reports():
        for arguments in find_lecture("diagrams").commands:
            assert run([*arguments[: arguments.index("-o")], "--size", "slide", "-o", str(file)]) == 0
            if faults := find_faults(file.read_text(encoding="utf-8")):
                found[arguments] = faults
    assert not found


class Nested(nn.Module):
    """An encoder and a decoder around another, or around a convolution."""

    def __init__(self, levels, width=4):
        super().__init__()
        self.down, self.up = nn.Conv2d(width, width, 3, 2, 1), nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.inside = Nested(levels - 1) if levels else nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x):
        x = self.down(x)
        return self.up(torch.cat([x, self.inside(x)], 1))


def test_without_its_name_a_diagram_is_lower(profile):
    """Too high for a slide, GoogLeNet is shrunk to it: without its name less."""

    def read(**style):
        figure = draw(profile, "googlenet", size="body", direction="right", **style).figure
        return figure.get_size_inches()[1], {text for text, _ in read_svg(write_svg(figure))[1]}

    (high, named), (low, unnamed) = read(), read(titled=False)
    assert named - unnamed == {"GoogLeNet"}
    assert low < high


@pytest.mark.parametrize("direction", ["down", "right"])
def test_nothing_overlaps_in_a_u(direction):
    report = archcost.profile(Nested(3), torch.zeros(1, 4, 64, 64), device="meta")
    diagram = draw_networks([(report, "")], depth=0, style=Style(direction=direction))
    assert find_faults(write_svg(diagram.figure)) == []


def test_the_boxes_of_a_column_stand_below_each_other():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.Conv2d(8, 8, 11, padding=5, groups=2), nn.Conv2d(8, 8, 1)
    )
    report = archcost.profile(net, torch.zeros(1, 3, 32, 32), device="meta")
    svg = write_svg(draw_networks([(report, "")], columns=2).figure)
    boxes, *_ = read_svg(svg)
    middles = {round((left + right) / 2) for _, (left, _, right, _) in boxes}
    assert len(boxes) == 8  # the input, twice three layers, and the last
    assert len(middles) == 3


@pytest.mark.parametrize(("direction", "across", "size"), [("down", 0, "slide"), ("right", 1, "16:9")])
def test_a_size_across_the_flow_shows_the_cost(profile, direction, across, size):
    diagram = draw(profile, "inception_reduced", size=size, show="width", direction=direction)
    assert diagram.fits
    svg = write_svg(diagram.figure)
    assert find_faults(svg) == []
    sizes = {name: box[across + 2] - box[across] for name, box in read_svg(svg)[0]}
    by_3x3, by_5x5 = sizes["box-2"], sizes["box-4"]  # 86.7 M and 120.4 M multiply-adds
    assert by_5x5 / by_3x3 == pytest.approx(120.4 / 86.7, abs=0.01)


@pytest.mark.extras
@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("size", ["16:9", "4:3", "slide", "paper"])
def test_nothing_overlaps_in_any_network_of_the_zoo(profile, size, direction):
    for entry in REGISTRY:
        assert find_faults(write_svg(draw(profile, entry.id, size=size, direction=direction).figure)) == [], entry.id


def test_the_test_finds_what_is_wrong():
    box = '<g id="box-{}"><path d="M {} 0 L {} 0 L {} 20 L {} 20 z"/></g>'
    text = '<text style="font-size: 10px; text-anchor: middle" x="{}" y="{}">abc</text>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40">{}</svg>'
    apart = box.format(1, 0, 40, 40, 0) + box.format(2, 50, 90, 90, 50)
    assert find_faults(svg.format(apart + text.format(20, 12))) == []
    assert find_faults(svg.format(apart + text.format(38, 12))) == [("abc", "box-1")]
    assert find_faults(svg.format(apart + text.format(98, 35))) == [("abc", "cut")]
    assert find_faults(svg.format(apart + box.format(3, 30, 45, 45, 30) + text.format(20, 12)))[0] == ("box-1", "box-3")
