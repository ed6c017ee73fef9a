"""The page in headless Chromium, without a network: no errors, sorting, folding, themes, print, accessibility."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from browser import list_violations, run_browser
from render.reports import branched, layer, report
from render.samples import sample

from archcost.charts import write_svg
from archcost.charts.costs import draw_history
from archcost.page.emit import emit
from archcost.profiling.profile import profile
from archcost.records import Comparison, ComparisonRow, History, HistoryPoint
from archcost.render.comparing import build_document
from archcost.render.history import build_document as build_history_document
from archcost.render.report import render

MACS = "[...document.querySelectorAll('thead button')].find((b) => b.textContent.startsWith('MACs'))"
VISIBLE = "[...document.querySelectorAll('tbody tr')].filter((row) => row.checkVisibility())"
NAMES = f"{VISIBLE}.map((row) => row.cells[0].textContent)"
WIDE = "document.documentElement.scrollWidth - innerWidth"


browser = pytest.fixture(scope="module")(run_browser)


def compared(*reports):
    names = [each.network.name for each in reports]
    rows = [
        ComparisonRow(spec=name, name=name, family=name, input=(3, 8, 8), totals=each.totals)
        for name, each in zip(names, reports, strict=True)
    ]
    return Comparison(rows=tuple(rows), protocol="single-crop", collected="2026-11-21")


def recorded(*reports):
    points = [
        HistoryPoint(commit=f"{i}abcdef", date=f"2026-11-2{i}", subject="Widen", totals={
            name: getattr(report.totals, name) for name in ("macs", "params")})
        for i, report in enumerate(reports)
    ]  # fmt: skip
    return History(source="archcost.lock", networks={"net": tuple(points)})


@pytest.fixture(scope="module")
def pages(tmp_path_factory, vgg16, difference_html):
    folder = tmp_path_factory.mktemp("pages")
    memory = profile("lenet5", device="meta", timeline=True)
    for name, shown, view in (
        ("vgg16", vgg16, "layers"), ("branched", branched(), "layers"), ("modules", vgg16, "modules"),
        ("ops", vgg16, "ops"), ("lecture", vgg16, "lecture"), ("memory", memory, "memory"),
    ):  # fmt: skip
        (folder / f"{name}.html").write_text(render(shown, "html", view=view), encoding="utf-8")
    timed = replace(branched(), measured=sample())
    (folder / "timed.html").write_text(render(timed, "html", view="time"), encoding="utf-8")
    (folder / "compare.html").write_text(emit(build_document(compared(branched(), vgg16)), "html"), encoding="utf-8")
    (folder / "difference.html").write_text(difference_html, encoding="utf-8")
    past = recorded(branched(), vgg16)
    document = build_history_document(past, ["macs", "params"], lambda: write_svg(draw_history(past, ["macs"])))
    (folder / "history.html").write_text(emit(document, "html"), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "name", ["vgg16", "branched", "lecture", "memory", "timed", "compare", "difference", "history"]
)
@pytest.mark.parametrize(("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("light", "print")])
def test_it_loads_without_a_network_or_a_complaint(browser, pages, name, scheme, media):
    browser.open(pages / f"{name}.html", scheme=scheme, media=media)
    assert browser.ask("document.querySelectorAll('tbody tr, pre').length") > 0
    assert browser.messages == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}


def test_a_comparison_and_a_history_have_their_charts(browser, pages):
    browser.open(pages / "compare.html", width=1400)
    assert browser.ask("document.querySelectorAll('.panel svg .bars').length") == 2
    browser.open(pages / "history.html", width=1400)
    picture = "document.querySelector('img.picture')"
    assert browser.ask(f"{picture}.decode().then(() => {picture}.naturalWidth)") > 500
    assert browser.ask(f"{picture}.alt") != ""


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


@pytest.mark.parametrize("name", ["timed", "compare", "memory", "history"])
def test_every_column_sorts(browser, pages, name):
    """Rates and remarks sort, too, although a terminal gives them no heading."""
    browser.open(pages / f"{name}.html", width=1400)
    headings = "[...document.querySelectorAll('thead tr > *')]"
    count = browser.ask(f"{headings}.length")
    assert browser.ask(f"{headings}.map((each) => each.textContent.trim()).filter(Boolean).length") == count
    turned = browser.ask(f"{headings}.map((each) => (each.querySelector('button').click(), each.ariaSort))")
    assert set(turned) <= {"ascending", "descending"}
    assert len(turned) == count
    assert browser.messages == []


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


def move_pointer(browser, element, part=0.5):
    """Move the pointer to a fraction of an element's width, at half its height."""
    box = f"(({{x, y, width, height}}) => [x + {part} * width, y + height / 2])({element}.getBoundingClientRect())"
    browser.ask(f"{element}.scrollIntoView({{block: 'center'}})")
    x, y = browser.ask(box)
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)


TIPS = "[...document.querySelectorAll('.tip')].filter((tip) => tip.checkVisibility()).map((tip) => tip.textContent)"
POINTED = "[...document.querySelectorAll('.pointed')].map((row) => row.cells[0].textContent)"
MARKED = "[...document.querySelectorAll('rect')].map((mark) => [mark.x.baseVal.value, mark.width.baseVal.value])"
FIRST = ["features.0: 0.0018 M, <0.1 %", "features.0: 12.8451 MB, 21.1 %", "features.0: 0.0867 G, 0.6 %"]


def test_a_pointer_at_a_bar_shows_name_and_value_and_the_row(browser, pages):
    browser.open(pages / "vgg16.html", width=1400)
    move_pointer(browser, "document.querySelector('svg')", 1.5 / 40)
    assert browser.ask(TIPS) == FIRST
    assert browser.ask(POINTED) == ["features.0"]
    browser.ask("document.querySelector('svg').dispatchEvent(new PointerEvent('pointerleave'))")
    assert (browser.ask(TIPS), browser.ask(POINTED)) == ([], [])


def test_a_pointer_at_a_row_shows_its_bar(browser, pages):
    browser.open(pages / "vgg16.html", width=1400)
    move_pointer(browser, f"{VISIBLE}[2]")
    assert browser.ask(TIPS) == FIRST
    assert browser.ask(MARKED) == [[1, 1]] * 3
    move_pointer(browser, f"{VISIBLE}[1]")  # features, whose 31 children have the bars
    assert browser.ask(MARKED) == [[1, 31]] * 3
    assert browser.ask(TIPS)[2] == "features: 15.3466 G, 99.2 %"


def test_the_keyboard_goes_from_bar_to_bar_and_to_the_row(browser, pages):
    browser.open(pages / "vgg16.html", width=1400)
    browser.ask("document.querySelector('svg').focus()")
    assert browser.ask(POINTED) == ["input"]
    browser.press("ArrowRight")
    assert browser.ask(TIPS) == FIRST
    chart = "document.querySelector('svg')"
    assert browser.ask(f"[{chart}.role, {chart}.ariaValueText, {chart}.ariaValueNow]") == ["slider", FIRST[0], "2"]
    browser.press("Enter")
    assert browser.ask("document.activeElement.closest('tr').cells[0].textContent") == "features.0"
    assert browser.ask(TIPS) == FIRST  # the row keeps the focus, so its bar is still named
    browser.ask("document.activeElement.blur()")
    assert browser.ask(TIPS) == []


def test_tips_stay_within_the_page(browser, pages):
    browser.open(pages / "vgg16.html", width=390)
    for part in (0.001, 0.999):
        move_pointer(browser, "document.querySelector('svg')", part)
        assert len(browser.ask(TIPS)) == 3
        assert browser.ask(WIDE) <= 0


def test_a_folded_module_keeps_the_sum_of_its_bars(browser, pages):
    browser.open(pages / "vgg16.html", width=1400)
    axis = "document.querySelectorAll('.axis')[2].firstElementChild.textContent"
    assert browser.ask(axis) == "1.8497 G"
    browser.ask("document.querySelector('[data-fold=true]').click()")
    bars = browser.ask("[...document.querySelectorAll('.bars')].map((path) => path.getAttribute('d'))")
    assert [path.count("M") for path in bars] == [
        2,
        3,
        2,
    ]  # of input, features, flatten, classifier
    assert browser.ask(axis) == "15.3466 G"
    assert browser.ask("document.querySelectorAll('.panel p span')[2].textContent") == (
        "most in features: 15.3466 G, 99.2 %"
    )
    browser.ask("document.querySelector('[data-fold=false]').click()")
    assert browser.ask(axis) == "1.8497 G"


def enter(browser, field, value):
    browser.ask(f"(() => {{ const f = document.querySelector({field!r}); f.value = {value!r};"
                " f.dispatchEvent(new Event('input')); })()")  # fmt: skip


def test_search_and_role_choose_rows_and_bars(browser, pages, vgg16):
    browser.open(pages / "vgg16.html", width=1400)
    every = browser.ask(NAMES)
    enter(browser, "select", "convolution")
    convolutions = [layer.name for layer in vgg16.layers if layer.role == "convolution"]
    assert browser.ask(NAMES) == convolutions
    assert browser.ask("document.querySelectorAll('.bars')[2].getAttribute('d')").count("M") == len(convolutions) == 13
    assert browser.ask("document.querySelector('[role=status]').textContent") == "13 of 40 rows"
    enter(browser, "input", "FEATURES.1")
    assert browser.ask(NAMES) == [f"features.{i}" for i in (10, 12, 14, 17, 19)]
    enter(browser, "input", "nothing is called this")
    assert browser.ask(NAMES) == []
    enter(browser, "select", "")
    enter(browser, "input", "")
    assert browser.ask(NAMES) == every
    assert browser.messages == []


def test_a_link_opens_what_hides_its_row(browser, pages):
    browser.open(pages / "vgg16.html")
    browser.ask("document.querySelector('[data-fold=true]').click()")
    enter(browser, "input", "classifier.6")
    browser.ask("location.hash = '#page0.features.2'")
    browser.ask("new Promise((done) => setTimeout(done, 0))")
    target = "document.querySelector('tr:target')"
    assert browser.ask(f"[{target}.cells[0].textContent, {target}.checkVisibility()]") == ["features.2", True]
    assert "classifier.6" not in browser.ask(NAMES)  # the other module stays folded


def test_it_copies_what_shows_as_csv(browser, pages, vgg16):
    browser.open(pages / "vgg16.html")
    browser.ask("navigator.clipboard.writeText = async (text) => { globalThis.copied = text }; 0")
    enter(browser, "select", "linear")
    browser.ask("document.querySelector('[data-copy]').click()")
    found = list(csv.DictReader(io.StringIO(browser.ask("new Promise((d) => setTimeout(() => d(copied), 0))"))))
    linear = [layer for layer in vgg16.layers if layer.role == "linear"]
    assert [row["name"] for row in found] == [layer.name for layer in linear]
    assert [int(row["macs"]) for row in found] == [layer.macs for layer in linear]
    assert [int(row["activation_bytes"]) for row in found] == [layer.activation_bytes for layer in linear]
    assert found[0]["receptive_field"] == "all"
    assert browser.ask("document.querySelector('[role=status]').textContent") == "Copied 3 rows"


def test_a_copied_name_is_no_formula(browser, tmp_path):
    rows = [layer("input", "Input", (1, 3), module=""), layer('=cmd|"x",1', "Odd", (1, 3), 0)]
    (tmp_path / "odd.html").write_text(render(report("odd", rows, modules={}), "html"), encoding="utf-8")
    browser.open(tmp_path / "odd.html")
    copied = browser.ask(
        "(() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text };"
        " document.querySelector('[data-copy]').click(); return new Promise((d) => setTimeout(() => d(copied), 0)) })()"
    )
    assert [row[0] for row in csv.reader(io.StringIO(copied))] == ["name", "input", '\'=cmd|"x",1']


def test_thousands_of_rows_load_and_sort_within_a_second(browser, tmp_path):
    rows = [layer("input", "Input", (1, 3), module="")]
    rows += [layer(f"stage{i // 100}.conv{i}", "Conv2d", (1, 3), i, macs=7919 * i % 10_007) for i in range(1670)]
    (tmp_path / "many.html").write_text(render(report("many", rows, modules={}), "html"), encoding="utf-8")
    loading, sorting = [], []
    for _ in range(3):
        browser.open(tmp_path / "many.html", width=1400)
        loading.append(browser.take_seconds())
        browser.ask(f"{MACS}.click()")
        sorting.append(browser.take_seconds() - loading[-1])
    assert browser.ask(f"{VISIBLE}[0].cells[0].textContent") == max(rows, key=lambda row: row.macs).name
    assert browser.messages == []
    assert 0.05 < min(loading) < 1
    assert 0.05 < min(sorting) < 1


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


@pytest.mark.parametrize("width", [320, 390, 1400, 1920])
def test_the_page_itself_never_scrolls_sideways(browser, pages, width):
    for name in ("vgg16", "branched"):
        browser.open(pages / f"{name}.html", width=width)
        assert browser.ask(WIDE) <= 0


def test_a_screenshot_shows_something(browser, pages):
    import matplotlib.image

    browser.open(pages / "vgg16.html", scheme="dark")
    picture = matplotlib.image.imread(io.BytesIO(browser.screenshot()))
    assert picture.std() > 0.05
    assert picture[0, 0, :3].max() < 0.2


@pytest.mark.parametrize(
    ("width", "scheme", "media"),
    [(1400, "light", "screen"), (1400, "dark", "screen"), (390, "dark", "screen"), (1400, "light", "print")],
)
@pytest.mark.parametrize(
    "name", ["vgg16", "branched", "modules", "ops", "lecture", "memory", "timed", "compare", "difference", "history"]
)
def test_axe_finds_no_serious_issue(browser, pages, name, width, scheme, media):
    browser.open(pages / f"{name}.html", width=width, scheme=scheme, media=media)
    browser.ask("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert [each for each in list_violations(browser) if each[0] in {"serious", "critical"}] == []
