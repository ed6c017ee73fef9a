"""The atlas: it draws the published figures, and works by pointer and keyboard without a network."""

import json
import re

import pytest
from browser import list_violations, run_browser

from archcost.charts.atlas.page import build_data, write_atlas
from archcost.cli import run
from archcost.comparison.published import read_published_networks
from archcost.records import frontier

WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "atlas.html"
    path.write_text(write_atlas(), encoding="utf-8")
    return path


browser = pytest.fixture(scope="module")(run_browser)


def choose(browser, name, value):
    browser.ask(
        f"{{ const control = document.getElementById({name!r}); control.value = {value!r};"
        " control.dispatchEvent(new Event('input', {bubbles: true})); 0 }"
    )


def list_frontier(browser):
    return browser.ask("[...document.querySelectorAll('#front tbody tr')].map((row) => row.cells[0].textContent)")


def test_every_network_is_a_point_with_its_figures():
    networks = read_published_networks()
    data = build_data(networks)

    assert len(data["model"]) == len(networks)
    assert {len(column) for column in data["columns"].values()} == {len(networks)}
    place = data["model"].index("resnet50.a1_in1k")
    assert data["columns"]["params"][place] == 25_557_000  # six digits of 25,557,032
    assert data["columns"]["top1"][place] == networks[place].top1


def test_the_file_is_small_and_loads_nothing(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert "default-src 'none'" in text
    assert json.loads(re.search(r'id="data">(.*?)</script>', text)[1])["axes"][0]["name"] == "macs"


def test_the_command_writes_it_and_refuses_another_suffix(tmp_path, capsys):
    assert run(["atlas", "-o", str(tmp_path / "atlas.html"), "-q"]) == 0
    assert (tmp_path / "atlas.html").stat().st_size > 100_000
    assert run(["atlas", "-o", str(tmp_path / "atlas.pdf")]) == 2
    assert "the suffix must be one of .html" in capsys.readouterr().err


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_it_draws_without_a_complaint_and_fits(browser, page, width, scheme):
    browser.open(page, width=width, scheme=scheme)
    assert browser.messages == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}
    assert browser.ask(WIDE) <= 0
    networks = [each for each in read_published_networks() if each.pretraining == "in1k"]
    assert browser.ask("document.getElementById('shown').textContent").startswith(f"{len(networks)} of ")


def test_its_frontier_is_that_of_the_figures(browser, page):
    browser.open(page)
    choose(browser, "pretraining", "")
    networks = read_published_networks()
    on = frontier([(each.totals.macs, each.top1) for each in networks])
    assert {*list_frontier(browser)} == {networks[i].model for i in on}
    choose(browser, "x", "rate:rtx4090")
    known = [each for each in networks if "rtx4090" in each.samples]
    on = frontier([(-each.samples["rtx4090"].per_second, each.top1) for each in known])
    assert {*list_frontier(browser)} == {known[i].model for i in on}
    assert "RTX 4090, amp float16" in browser.ask("document.getElementById('caption').textContent")


def test_filters_and_search_are_kept_in_the_address(browser, page):
    browser.open(page)
    choose(browser, "family", "resnet")
    choose(browser, "search", "resnet50 a1")
    assert browser.ask("location.hash") == "#family=resnet&search=resnet50+a1"
    expected = [
        each
        for each in read_published_networks()
        if each.family == "resnet" and each.pretraining == "in1k" and "resnet50" in each.model and "a1" in each.model
    ]
    assert browser.ask("shown.length") == len(expected) > 0


def test_a_range_of_years_is_a_filter(browser, page):
    browser.open(page)
    choose(browser, "since", "2019")
    choose(browser, "until", "2020")
    members = [each for each in read_published_networks() if each.pretraining == "in1k"]
    expected = [each for each in members if each.year in {2019, 2020}]
    assert browser.ask("shown.length") == len(expected) > 0
    undated = sum(each.year is None for each in members)
    assert browser.ask("at('shown').textContent").endswith(f"; {undated} more have no known year.")
    assert browser.ask("location.hash") == "#since=2019&until=2020"
    browser.ask("document.getElementById('since').focus()")
    browser.press("ArrowRight")  # to the next year, as in each list
    assert browser.ask("state.since") == "2020"
    assert browser.ask("shown.every((i) => data.columns.year[i] === 2020)")


def test_the_best_by_each_year_are_the_frontier_over_the_years(browser, page):
    browser.open(page)
    choose(browser, "x", "year")
    networks = [each for each in read_published_networks() if each.pretraining == "in1k" and each.year]
    on = frontier([(each.year, each.top1) for each in networks])
    assert {*list_frontier(browser)} == {networks[i].model for i in on}
    assert "Year: when the paper of the architecture was first published" in browser.ask("at('caption').textContent")
    years = [str(year) for year in range(2014, 2026)]
    assert browser.ask("scale('year', '1', 0, 800).ticks.map(([, text]) => text)") == years


def test_who_sees_the_whole_input_is_drawn_at_its_size_and_named(browser, page):
    browser.open(page)
    choose(browser, "x", "receptive_field")
    known = [each for each in read_published_networks() if each.pretraining == "in1k" and each.field]
    assert browser.ask("shown.length") == len(known) > 1000
    assert "more have no known Receptive field" in browser.ask("at('shown').textContent")
    assert "a square sees its whole input" in browser.ask("at('legend').textContent")
    assert list_frontier(browser) == []
    for model, said in (("vgg16.tv_in1k", "404 px"), ("resnet18.a1_in1k", "whole input (288)")):
        place = browser.ask(f"data.model.indexOf({model!r})")
        assert f"Receptive field {said}" in browser.ask(f"describe({place}).textContent")


def test_a_point_names_the_paper_of_its_architecture(browser, page):
    browser.open(page)
    told = browser.ask("describe(data.model.indexOf('vgg16.tv_in1k')).textContent")
    assert "Year 2014" in told
    assert "Paper: Very Deep Convolutional Networks for Large-Scale Image Recognition, arXiv:1409.1556" in told
    assert "Year unknownPaper: unknown" in browser.ask("describe(data.model.indexOf('test_vit.r160_in1k')).textContent")


def test_a_quantity_colours_as_many_networks_each_way(browser, page):
    browser.open(page)
    choose(browser, "colour", "macs")
    often = browser.ask(
        "(() => { const { find } = colours(false), often = {};"
        " for (const i of shown) often[find(i)] = (often[find(i)] || 0) + 1; return Object.values(often); })()"
    )
    assert len(often) == 6
    assert max(often) < 1.2 * min(often)
    choose(browser, "colour", "rate:rtx4090")
    assert browser.ask("at('legend').textContent").endswith(" unknown")


def test_an_address_of_what_does_not_exist_shows_the_usual(browser, page):
    browser.open(page)
    browser.ask("location.hash = 'x=foo&colour=bar&since=abc&family=zzz'; 0")
    browser.open(page.with_name(f"{page.name}"))
    assert browser.messages == []


def test_the_keyboard_reaches_and_keeps_a_network(browser, page):
    browser.open(page)
    choose(browser, "search", "resnet18.a1")
    browser.ask("document.getElementById('plot').focus()")
    browser.press("ArrowRight")
    assert "archcost profile timm:resnet18.a1_in1k@" in browser.ask("document.getElementById('point').textContent")
    browser.press("Enter")
    assert browser.ask("document.querySelectorAll('#kept li').length") == 1
    kept = browser.ask("state.kept")
    assert kept.startswith("resnet18.a1_in1k@")
    browser.ask("document.getElementById('clear').click()")
    assert browser.ask("document.querySelectorAll('#kept li').length") == 0


@pytest.mark.parametrize(("width", "scheme"), [(1400, "dark"), (390, "light")])
def test_axe_finds_nothing(browser, page, width, scheme):
    browser.open(page, width=width, scheme=scheme)
    assert list_violations(browser) == []


def test_a_library_is_a_filter_and_gives_the_command_lines(browser, page):
    browser.open(page)
    choose(browser, "library", "torchvision")
    choose(browser, "search", "resnet50 v2")
    browser.ask("document.getElementById('plot').focus()")
    browser.press("ArrowRight")
    lines = browser.ask("[...document.querySelectorAll('#point code')].map((each) => each.textContent)")
    spec = browser.ask("spec(shown[0])")
    assert spec in {"torchvision:resnet50.IMAGENET1K_V2@224", "torchvision:wide_resnet50_2.IMAGENET1K_V2@224"}
    assert lines[:2] == [f"archcost profile {spec}", f"archcost alternatives {spec}"]


def test_a_pointer_shows_a_network_and_a_click_keeps_it(browser, page):
    browser.open(page)
    choose(browser, "search", "resnet18.a1")
    x, y = browser.ask(
        "(() => { const box = document.getElementById('plot').getBoundingClientRect();"
        " return [box.x + places[0].x, box.y + places[0].y]; })()"
    )
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert "archcost alternatives timm:resnet18.a1_in1k@" in browser.ask("document.getElementById('point').textContent")
    for kind in ("mousePressed", "mouseReleased"):
        browser.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    assert browser.ask("state.kept").startswith("resnet18.a1_in1k@")
    assert "kept=resnet18.a1_in1k%40" in browser.ask("location.hash")
