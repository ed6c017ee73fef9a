"""Every command can write its result as an HTML page."""

from __future__ import annotations

import base64

import pytest
from page.html.parsed import parse

from archcost.cli import run

pytestmark = pytest.mark.usefixtures("warm_workers")


@pytest.mark.parametrize(
    "arguments",
    [
        ["profile", "lenet5"],
        ["profile", "lenet5", "--view", "memory"],
        ["compare", "lenet5", "nin_cifar10"],
        ["diff", "lenet5", "lenet5_simple"],
        ["claims", "lenet5"],
        ["fit", "lenet5", "--memory", "1GB"],
        ["list", "resnet"],
        ["explain", "lenet5", "4M"],
        ["verify", "lenet5"],
        ["time", "lenet5", "--layers", "--max-time", "0.02", "--threads", "1", "--device", "cpu"],
        ["device", "--datasheet", "NVIDIA H200"],
    ],
    ids=" ".join,
)
def test_the_suffix_makes_a_page(arguments, tmp_path):
    assert run([*arguments, "-q", "-o", str(tmp_path / "page.html")]) == 0
    root = parse((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert len(root.all("h1")) == 1
    assert root.all("table")
    assert all(table.all("tbody")[0].all("tr") for table in root.all("table"))


def test_a_comparison_has_its_chart_and_bars(tmp_path):
    files = tmp_path / "page.html", tmp_path / "chart.svg"
    assert run(["compare", "squeezenet1_1", "googlenet", "-q", "-o", str(files[0]), "-o", str(files[1])]) == 0
    root = parse(files[0].read_text(encoding="utf-8"))
    (picture,) = root.all("img")
    drawn = base64.b64decode(picture.attributes["src"].partition("base64,")[2]).decode()
    assert drawn.strip() == files[1].read_text(encoding="utf-8").strip()
    panels = [node for node in root.all("div") if node.attributes.get("class") == "panel"]
    assert [panel.attributes["data-column"] for panel in panels] == ["params", "macs"]


@pytest.mark.parametrize("other", ["lenet5", "squeezenet1_1"])  # without an accuracy, and of another data set
def test_a_comparison_without_two_comparable_accuracies_has_bars_alone(other, tmp_path):
    page = tmp_path / "page.html"
    assert run(["compare", other, "nin_cifar10", "-q", "-o", str(page)]) == 0
    root = parse(page.read_text(encoding="utf-8"))
    assert not root.all("img")
    assert root.all("svg")
