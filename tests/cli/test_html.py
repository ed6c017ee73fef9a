"""Every command can write its result as a page."""

from __future__ import annotations

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
