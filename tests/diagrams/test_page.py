"""The page of a diagram: its data, and its behaviour in a real browser without a network."""

import json
import re

import pytest
from browser import list_violations, run_browser

import archcost
from archcost.cli import run
from archcost.diagrams.page import ENTRY, EXIT, build_data, write_html

browser = pytest.fixture(scope="module")(run_browser)
BOXES = "document.querySelectorAll('.box').length"
FOCUSED = "document.activeElement.querySelector('text').textContent"
KEY = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{key: '{}', bubbles: true}}))"


@pytest.fixture(scope="module")
def googlenet():
    return archcost.profile("googlenet_aux")


@pytest.fixture(scope="module")
def page(googlenet, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "googlenet.html"
    file.write_text(write_html(googlenet), encoding="utf-8")
    return file


def walk(inside):
    for box in inside["boxes"].values():
        yield box
        if "inside" in box:
            yield from walk(box["inside"])


def test_each_module_holds_its_boxes_and_the_lines_that_enter_and_leave_it(googlenet):
    boxes = build_data(googlenet)["inside"]["boxes"].values()
    module = next(box for box in boxes if box["path"] == "inception3a")["inside"]
    names = [box["name"] for box in module["boxes"].values()]
    assert names.count("1x1 conv, 64 + ReLU") == 1  # beside 96, 16 and 32
    assert len(names) == 8  # six convolutions, a pool and a concatenation
    assert sum(source == ENTRY for source, _ in module["lines"]) == 4
    assert [key for source, key in module["lines"] if key == EXIT] == [EXIT]


@pytest.mark.parametrize("name", ["lenet5", "googlenet_aux", "inception_v4", "cifar_resnet20"])
def test_what_is_not_repeated_adds_up_to_the_network(name):
    report = archcost.profile(name)
    leaves = [box for box in walk(build_data(report)["inside"]) if "inside" not in box]
    top = build_data(report)["inside"]["boxes"].values()
    macs = [int(dict(box["facts"])["MACs"].replace(",", "")) for box in top]
    assert sum(macs) == report.totals.macs
    assert leaves


def test_a_repeated_block_is_shown_once_with_its_number():
    data = build_data(archcost.profile("cifar_resnet110"))
    stage = next(box for box in walk(data["inside"]) if box["path"] == "stage1")["inside"]["boxes"]
    (block,) = stage.values()
    assert block["name"] == "Building Block  x 18"
    assert len([box for box in walk(block["inside"]) if "conv" in box["name"]]) == 2


def test_the_file_holds_all_that_it_needs_and_no_markup_of_a_name(googlenet):
    text = write_html(googlenet)
    assert text == write_html(googlenet)
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', text)[1]
    assert "<" not in data
    assert json.loads(data) == build_data(googlenet)


def test_the_command_writes_a_page_of_one_network(tmp_path, capsys):
    file = tmp_path / "x.html"
    assert run(["draw", "resnet18::conv3_x.0", "-o", str(file)]) == 0
    assert "<h1>ResNet-18: conv3_x.0</h1>" in file.read_text()
    assert run(["draw", "lenet5", "vgg16", "-o", str(file)]) == 2
    assert "a page shows one network" in capsys.readouterr().err


def test_it_loads_without_a_complaint_and_folds_by_the_keyboard(browser, page):
    browser.open(page)
    assert browser.ask(BOXES) == 17  # input, stem, 9 modules, 2 pools, 2 side classifiers, an average, a layer
    browser.ask("document.querySelector('[aria-label^=\"inception3a\"]').focus()")
    assert "inception3a" in browser.ask("document.getElementById('facts').textContent")
    browser.ask(KEY.format("Enter"))
    assert browser.ask(BOXES) == 25  # its eight parts
    assert "inception3a" in browser.ask(FOCUSED)
    browser.ask(KEY.format("Enter"))
    assert browser.ask(BOXES) == 17
    assert browser.messages == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}


def test_a_search_unfolds_what_it_finds(browser, page):
    browser.open(page)
    browser.ask("document.getElementById('search').focus()")
    browser.ask("document.getElementById('search').value = 'inception4c.reduce5x5'")
    browser.ask(KEY.format("Enter"))
    assert browser.ask("document.querySelector('.found text').textContent") == "1x1 conv, 24 + ReLU"
    assert "inception4c.reduce5x5" in browser.ask("document.getElementById('facts').textContent")


def test_it_zooms_and_moves_and_shows_the_whole_again(browser, page):
    browser.open(page)
    place = "document.getElementById('view').getAttribute('transform')"
    browser.ask(KEY.format("0"))
    whole = browser.ask(place)
    for key in ("+", "ArrowLeft", "ArrowDown"):
        before = browser.ask(place)
        browser.ask(KEY.format(key))
        assert browser.ask(place) != before
    browser.ask(KEY.format("0"))
    assert browser.ask(place) == whole


OVERLAPS = """(() => {
  const boxes = [...document.querySelectorAll('.box:not(.open)')].map((box) => box.querySelector('rect').getBoundingClientRect());
  const share = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  return boxes.filter((a, i) => boxes.slice(i + 1).some((b) => share(a, b))).length;
})()"""  # noqa: E501 - one expression


def test_unfolded_boxes_do_not_overlap(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(write_html(archcost.profile("inception_v4")), encoding="utf-8")
    browser.open(file)
    browser.ask("document.getElementById('unfold').click()")
    assert browser.ask(BOXES) > 60
    assert browser.ask(OVERLAPS) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, page, scheme):
    browser.open(page, scheme=scheme)
    assert list_violations(browser) == []
