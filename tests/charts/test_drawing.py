"""A figure's bytes: the same in every run, with letters kept as text."""

import hashlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from archcost.charts import draw, encode_figure, write_svg
from archcost.errors import ArgumentError

AGAIN = """
import hashlib, sys
from archcost.records import Winner
from archcost.charts import draw, encode_figure
one = Winner(year=2012, network="Net", top5_error=15.0, depth=8, place=1, protocol="", source="a")
figure = draw("error-year", [one])
print(*(hashlib.sha256(encode_figure(figure, kind)).hexdigest() for kind in ("svg", "pdf", "png")))
print("matplotlib.pyplot" in sys.modules)
"""


def test_two_processes_write_the_same_bytes_and_load_no_pyplot():
    runs = [
        subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert runs[0].endswith("False\n")


def test_a_figure_is_drawn_twice_alike(everything):
    """The positions of labels do not depend on time or chance."""
    digests = {
        tuple(hashlib.sha256(encode_figure(figure, kind)).hexdigest() for kind in ("svg", "pdf"))
        for figure in (draw("accuracy-flops", everything) for _ in range(2))
    }
    assert len(digests) == 1


def test_svg_is_one_element_whose_letters_are_letters(three):
    text = write_svg(draw("accuracy-flops", three))
    root = ET.fromstring(text)  # noqa: S314 - we wrote it
    assert root.tag.endswith("svg")
    letters = {"".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"multiply-adds (G)", "top-1 accuracy (%)", "small", "VGG"} <= letters
    assert (
        root.find("{http://www.w3.org/2000/svg}title")
        .text.replace("-\n", "-")
        .replace("\n", " ")
        .startswith("Top-1 accuracy against multiply-adds: 2 of 3")
    )
    assert not re.search(r"\d{4}-\d\d-\d\dT|matplotlib\.org|/home|/tmp", text)


def test_no_two_elements_have_one_id(data):
    for kind in ("accuracy-flops", "layers", "block", "memory-timeline"):
        ids = re.findall(r' id="([^"]+)"', write_svg(draw(kind, data[kind])))
        assert len(ids) == len(set(ids)) > 20


def test_pdf_embeds_its_fonts_as_truetype_and_no_date(three):
    pdf = encode_figure(draw("accuracy-flops", three), "pdf")
    assert b"/FontFile2" in pdf
    assert b"CreationDate" not in pdf


def test_png_is_as_large_as_a_screen_and_does_not_name_its_maker(three):
    png = encode_figure(draw("accuracy-flops", three), "png")
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1920, 1080)
    assert b"atplotlib" not in png


def test_another_format_is_refused(three):
    with pytest.raises(ArgumentError, match="svg, pdf, png, not 'gif'"):
        encode_figure(draw("accuracy-flops", three), "gif")
