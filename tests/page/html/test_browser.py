"""The page in headless Chromium, without a network: no complaint, sorting, folding, themes, paper, accessibility."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser import run_browser
from render.reports import branched

from archcost.profiling.profile import profile
from archcost.render.report import render

ROOT = Path(__file__).parents[3]
AXE = Path(os.environ.get("ARCHCOST_AXE", ROOT / "node_modules/axe-core/axe.min.js"))
MACS = "[...document.querySelectorAll('thead button')].find((b) => b.textContent.startsWith('MACs'))"
VISIBLE = "[...document.querySelectorAll('tbody tr')].filter((row) => row.checkVisibility())"
NAMES = f"{VISIBLE}.map((row) => row.cells[0].textContent)"
WIDE = "document.documentElement.scrollWidth - innerWidth"


browser = pytest.fixture(scope="module")(run_browser)


@pytest.fixture(scope="module")
def pages(tmp_path_factory, vgg16, difference_html):
    folder = tmp_path_factory.mktemp("pages")
    memory = profile("lenet5", device="meta", timeline=True)
    for name, report, view in (
        ("vgg16", vgg16, "layers"), ("branched", branched(), "layers"), ("modules", vgg16, "modules"),
        ("ops", vgg16, "ops"), ("lecture", vgg16, "lecture"), ("memory", memory, "memory"),
    ):  # fmt: skip
        (folder / f"{name}.html").write_text(render(report, "html", view=view), encoding="utf-8")
    (folder / "difference.html").write_text(difference_html, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["vgg16", "branched", "lecture", "memory", "difference"])
@pytest.mark.parametrize(("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("light", "print")])
def test_it_loads_without_a_network_or_a_complaint(browser, pages, name, scheme, media):
    browser.open(pages / f"{name}.html", scheme=scheme, media=media)
    assert browser.ask("document.querySelectorAll('tbody tr, pre').length") > 0
    assert browser.messages == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}


def test_a_complaint_would_be_heard(browser, tmp_path, pages):
    broken = (pages / "branched.html").read_text(encoding="utf-8").replace('"use strict"', '"use  strict"')
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    browser.open(tmp_path / "broken.html")
    assert any("Content Security Policy" in message for message in browser.messages)


def test_the_keyboard_sorts_by_macs(browser, pages, vgg16):
    browser.open(pages / "vgg16.html")
    unsorted = browser.ask(NAMES)
    macs = {layer.name: layer.macs for layer in vgg16.layers}
    turns = []
    for _ in range(3):
        browser.ask(f"{MACS}.focus()")
        browser.press("Enter")
        turns.append((browser.ask(f"{MACS}.parentNode.ariaSort"), browser.ask(NAMES)))
    (first, largest), (second, smallest), (third, restored) = turns
    assert [first, second, third] == ["descending", "ascending", "none"]
    assert sorted(largest) == sorted(macs)  # a plain list of whole names
    assert [macs[name] for name in largest] == sorted(macs.values(), reverse=True)
    assert [macs[name] for name in smallest] == sorted(macs.values())
    assert restored == unsorted
    assert browser.ask("document.querySelector('[role=status]').textContent") == "In the original order"


def test_names_sort_as_text_and_what_is_empty_stays_last(browser, pages):
    browser.open(pages / "branched.html")
    browser.ask("document.querySelector('thead button').click()")
    names = browser.ask(NAMES)
    assert names == sorted(names)
    for _ in range(2):
        browser.ask(
            "[...document.querySelectorAll('thead button')].find((b) => b.textContent.startsWith('RF')).click()"
        )
        fields = browser.ask(f"{VISIBLE}.map((row) => row.cells[7].textContent)")
        assert fields[-4:] == ["", "", "", ""]
        assert fields[0] != ""


def test_modules_fold(browser, pages):
    browser.open(pages / "branched.html")
    every = browser.ask(NAMES)
    browser.ask("[...document.querySelectorAll('tbody button')].find((b) => b.textContent === 'blocks.0').click()")
    assert set(every) - set(browser.ask(NAMES)) == {"blocks.0.conv", "blocks.0.add"}
    browser.ask("document.querySelector('[data-fold=true]').click()")
    assert [name for name in browser.ask(NAMES) if name.startswith("blocks")] == ["blocks"]
    browser.ask("document.querySelector('[data-fold=false]').click()")
    assert browser.ask(NAMES) == every


def test_a_bar_names_its_row(browser, pages):
    browser.open(pages / "vgg16.html")
    box = browser.ask("(({x, y, width}) => [x, y, width])(document.querySelector('svg').getBoundingClientRect())")
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + box[2] * 1.5 / 40, y=box[1] + 5)
    assert browser.ask("document.querySelector('.readout').textContent") == "features.0"


def test_it_is_dark_where_the_system_is_and_where_the_reader_says_so(browser, pages):
    background = "getComputedStyle(document.documentElement).backgroundColor"
    found = {}
    for scheme in ("light", "dark"):
        browser.open(pages / "vgg16.html", scheme=scheme)
        found[scheme] = browser.ask(background)
    assert found["light"] == "rgb(255, 255, 255)"
    assert max(int(part) for part in found["dark"].strip("rgb()").split(",")) < 50
    browser.open(pages / "vgg16.html", scheme="light")
    browser.ask("document.getElementById('theme').click()")
    assert browser.ask(background) == found["dark"]


def test_paper_is_white_and_has_no_buttons_to_press(browser, pages):
    browser.open(pages / "vgg16.html", scheme="dark", media="print")
    assert browser.ask("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.ask("document.getElementById('theme').checkVisibility()") is False
    assert len(browser.ask(NAMES)) == 42


@pytest.mark.parametrize("width", [320, 390, 1280, 1920])
def test_the_page_itself_never_scrolls_sideways(browser, pages, width):
    for name in ("vgg16", "branched"):
        browser.open(pages / f"{name}.html", width=width)
        assert browser.ask(WIDE) <= 0


def test_a_screenshot_shows_something(browser, pages):
    import io

    import matplotlib.image

    browser.open(pages / "vgg16.html", scheme="dark")
    picture = matplotlib.image.imread(io.BytesIO(browser.screenshot()))
    assert picture.std() > 0.05
    assert picture[0, 0, :3].max() < 0.2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["vgg16", "branched", "modules", "ops", "lecture", "memory", "difference"])
def test_axe_finds_no_serious_issue(browser, pages, name, scheme):
    if not AXE.is_file():
        pytest.skip("no axe-core here; `npm install axe-core`, or ARCHCOST_AXE=path/to/axe.min.js")
    browser.open(pages / f"{name}.html", scheme=scheme)
    browser.ask("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    browser.ask(AXE.read_text(encoding="utf-8") + "; 0")
    found = browser.ask("axe.run().then((all) => all.violations.map((v) => [v.impact, v.id, v.nodes[0].html]))")
    assert [each for each in found if each[0] in {"serious", "critical"}] == []
    assert browser.ask("axe.run().then((all) => all.passes.length)") > 15
