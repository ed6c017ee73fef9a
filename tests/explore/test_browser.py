"""The page in a real browser without a network: its figures against `archcost.profile`, its keyboard, its sentences."""

from __future__ import annotations

import json
import random
import re
from urllib.parse import urlencode

import pytest
import torch
from browser import list_violations, run_browser
from nets_adjustable import NETWORKS, Given

import archcost
from archcost import units
from archcost.explore import write_html
from archcost.profiling.traced import profile_with_trace

pytestmark = pytest.mark.slow  # they share the browser and its pages
browser = pytest.fixture(scope="module")(run_browser)
SETTINGS = 40  # for each network
TAKEN = 20  # at least so many of them torch takes, so that a hundred are compared
SHOW = """((settings) => settings.map((each) => {
  history.replaceState(null, "", `#${each}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
  const text = (element) => element.textContent;
  return {
    refusal: text(document.getElementById("refusal")),
    totals: [...document.querySelectorAll("#totals b")].map(text).filter(Boolean),
    rows: [...document.querySelectorAll("#table tbody tr")].map((row) => [...row.cells].map(text)),
    strange: /NaN|undefined|null|Infinity/.test(document.body.innerText),
  };
}))"""
TOTALS = "[...document.querySelectorAll('#totals b')].map((each) => each.textContent).filter(Boolean)"
REFUSAL = "document.getElementById('refusal').textContent"
ADDRESS = "new Promise((done) => setTimeout(() => done(location.hash), 300))"
LABEL = "document.activeElement.labels[0].textContent"


def write_page(folder, name, network, inputs=None):
    report, trace = profile_with_trace(network, inputs)
    (folder / f"{name}.html").write_text(write_html(trace, report), encoding="utf-8")
    return folder / f"{name}.html"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    return {
        name: write_page(folder, name, build(Given()), torch.zeros(Given().image(*image)))
        for name, (build, image, _) in NETWORKS.items()
    }


def choose_settings(allowed, chance):
    """Choose between one and four settings at random."""
    keys = chance.sample(sorted(allowed), chance.randint(1, 4))
    return Given({key: chance.choice(allowed[key]) for key in keys})


def count_with_torch(build, image, given):
    """Return the report of a network that is built with the settings; None where torch refuses it."""
    try:
        network, inputs = build(given), torch.zeros(given.image(*image))
        return archcost.profile(network, inputs, device="meta")
    except (ValueError, archcost.errors.ArchcostError):
        return None


def spell_totals(totals):
    field = ["?" if size is None else size for size in totals.receptive_field]
    seen = {("all",): "the whole input", ("?",): "unknown"}.get((*{*field},), units.shape(field))
    return [f"{totals.params:,}", f"{totals.macs:,}", f"{totals.activation_bytes:,} bytes", seen]


def spell_rows(report):
    return [
        [row.name, units.shape(row.outputs[0][1:]), *(f"{n:,}" for n in (row.params, row.macs, row.activation_bytes))]
        for row in report.layers
        if row.operators or row.is_input
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_counts_what_a_profile_of_the_changed_network_counts(browser, pages, name):
    build, image, allowed = NETWORKS[name]
    chance = random.Random(name)  # noqa: S311 - settings are not secrets
    settings = [Given(), *(choose_settings(allowed, chance) for _ in range(SETTINGS))]
    browser.open(pages[name])
    shown = browser.ask(f"{SHOW}({json.dumps([urlencode(each) for each in settings])})")
    refused = 0
    for given, page in zip(settings, shown, strict=True):
        report = count_with_torch(build, image, given)
        assert not page["strange"], given
        if report is None:
            refused += 1
            assert page["totals"] == [], given
            assert page["refusal"].endswith("."), given
        else:
            assert (page["refusal"], page["totals"]) == ("", spell_totals(report.totals)), given
            assert page["rows"] == spell_rows(report), given
    assert 0 < refused <= SETTINGS - TAKEN
    assert browser.messages == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}


@pytest.mark.parametrize(
    "spec",
    ["alexnet", "vgg16", "googlenet_aux", "se_bottleneck", "dense_block", "fractal_block", "inception_v3_c",
     "mobilenet_v3_bneck", "nasnet_normal_cell", "resnext_block_a", "resnet50::conv3_x.0", "resnet_option_a"],
)  # fmt: skip
def test_a_network_of_the_zoo_starts_with_its_profile(browser, tmp_path, spec):
    browser.open(write_page(tmp_path, "page", spec))
    report = archcost.profile(spec)
    assert browser.ask(TOTALS) == spell_totals(report.totals)
    assert browser.ask(f"{SHOW}([''])")[0]["rows"] == spell_rows(report)
    assert browser.messages == []


FOCUS = """((layer, label) => {
  const fields = [...document.querySelectorAll("fieldset")];
  const field = fields.find((each) => each.querySelector("legend").textContent === layer);
  [...field.querySelectorAll("label")].find((each) => each.textContent === label).control.focus();
})"""
TYPE = """((field, value) => {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def test_the_keyboard_alone_changes_a_layer(browser, pages):
    browser.open(pages["inception"])
    assert browser.ask(TOTALS)[1] == "799,680"
    browser.ask(f"{FOCUS}('reduce3x3', 'Reduction width')")
    browser.press("ArrowRight")
    more = 14 * 14 * (32 + 9 * 24)  # one filter of the reduction, and one more channel for the 3x3
    assert browser.ask(TOTALS)[1] == f"{799_680 + more:,}"
    assert browser.ask(ADDRESS) == "#reduce3x3.filters=9"
    assert "1 x 1 x 32 x 9 x 14 x 14 = 56,448" in browser.ask("document.querySelector('form').innerText")
    assert "3 x 3 x 9 x 24 x 14 x 14 = 381,024" in browser.ask("document.querySelector('form').innerText")
    browser.ask("document.querySelector('[aria-label^=\"5x5 conv\"]').focus()")
    browser.press("Enter")  # from a box to its layer
    assert browser.ask(LABEL) == "Filters"
    assert browser.ask("document.activeElement.closest('fieldset').querySelector('legend').textContent") == "conv5x5"
    browser.ask("document.getElementById('reset').focus()")
    browser.press("Enter")
    assert (browser.ask(TOTALS)[1], browser.ask(ADDRESS)) == ("799,680", "")


def test_a_typed_number_may_exceed_the_slider_and_padding_follows_the_kernel(browser, pages):
    browser.open(pages["separable"])
    browser.ask(f"{TYPE}(document.querySelector('[type=number]'), '96')")
    assert browser.ask(ADDRESS) == "#input.channels=96"
    assert browser.ask("document.querySelector('[type=range]').value") == "96"
    browser.ask(f"{SHOW}(['depthwise.kernel=7'])")
    browser.ask(f"{FOCUS}('depthwise', 'Padding')")
    assert browser.ask("document.activeElement.value") == "3"
    assert browser.ask("document.querySelector('.box:nth-of-type(2) text').textContent").startswith(
        "7x7 depthwise conv"
    )


def test_padding_follows_the_kernel_along_the_axis_that_has_none_of_its_own(browser, pages):
    build, image, _ = NETWORKS["mixture"]
    given = Given({"tall.padding.0": 2, "tall.kernel.1": 3})
    browser.open(pages["mixture"])
    (shown,) = browser.ask(f"{SHOW}([{urlencode(given)!r}])")
    assert shown["rows"] == spell_rows(count_with_torch(build, image, given))
    assert [row[1] for row in shown["rows"] if row[0] == "tall"] == ["10x6x8"]  # 8 + 2 x 2 - 7 + 1, 8 + 2 x 1 - 3 + 1


@pytest.mark.parametrize(
    ("name", "setting", "sentence"),
    [
        ("bottleneck", "conv.groups=5",
         "conv: 5 groups do not divide its 16 input channels and 16 filters; choose 1, 2, 4, 8, 16."),
        ("bottleneck", "expand.filters=33", "add: 32x14x14 from input, 33x14x14 from norms.2 have different shapes."),
        ("inception", "conv3x3.stride=2",
         "cat: 16x14x14 from conv1x1, 24x7x7 from conv3x3, 12x14x14 from conv5x5, 8x14x14 from project do not join; "
         "only their channels may differ."),
        ("stack", "input.size=3", "pool1: a window of 2x2 does not fit into 1x1."),
        ("stack", "pool0.padding=2", "pool0: a padding of 2 is more than half of a window of 2."),
        ("stack", "conv0_0.filters=x", "conv0_0: filters must be a whole number from 1 to 16,777,216."),
        ("stack", "conv0_0.kernel=0", "conv0_0: kernel must be a whole number from 1 to 16,777,216."),
        ("mixture", "conv1.filters=14", "norm2: its 4 groups do not divide 14 channels."),
    ],
)  # fmt: skip
def test_a_sentence_says_what_does_not_go(browser, pages, name, setting, sentence):
    browser.open(pages[name])
    (shown,) = browser.ask(f"{SHOW}([{setting!r}])")
    assert (shown["refusal"], shown["totals"], shown["strange"]) == (sentence, [], False)
    assert browser.ask("document.querySelectorAll('.box.wrong').length") <= 1
    browser.ask("document.getElementById('reset').click()")
    assert (browser.ask(REFUSAL), len(browser.ask(TOTALS))) == ("", 4)


def test_an_address_may_name_settings_of_another_network(browser, pages):
    browser.open(pages["stack"])
    (shown,) = browser.ask(f"{SHOW}(['conv9.filters=3&input.size=16'])")
    assert browser.ask("document.getElementById('strange').textContent") == "This network has no setting conv9.filters."
    assert len(shown["totals"]) == 4


class Twice(torch.nn.Module):
    """One convolution that runs twice."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(torch.relu(self.conv(x)))


def test_a_layer_that_runs_twice_changes_twice(browser, tmp_path):
    browser.open(write_page(tmp_path, "twice", Twice(), torch.zeros(1, 4, 8, 8)))
    (shown,) = browser.ask(f"{SHOW}(['conv.kernel=5'])")
    assert shown["totals"] == [f"{25 * 16 + 4:,}", f"{2 * 25 * 16 * 64:,}", f"{4 * 4 * 4 * 64:,} bytes", "9x9"]
    names = browser.ask("[...document.querySelectorAll('.box')].map((box) => box.querySelector('text').textContent)")
    assert names == ["input", "5x5 conv, 4 + ReLU (shared)", "5x5 conv, 4 (shared)"]
    (shown,) = browser.ask(f"{SHOW}(['conv.filters=6'])")
    assert shown["refusal"] == "conv: it shares a weight that needs 216 elements elsewhere and 324 here."


def test_figures_that_no_page_adds_exactly_are_refused(browser, pages):
    browser.open(pages["stack"])
    (shown,) = browser.ask(f"{SHOW}(['input.size=65536&conv0_0.filters=65536&conv0_1.filters=65536'])")
    assert re.fullmatch(r"The totals exceed 9,007,199,254,740,991, .*\.", shown["refusal"])


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("name", ["inception", "mixture"])
def test_nothing_is_wider_than_the_window(browser, pages, name, width):
    browser.open(pages[name], width=width)
    assert browser.ask("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("setting", ["", "conv3x3.groups=7"])
def test_axe_finds_nothing(browser, pages, scheme, setting):
    browser.open(pages["inception"], scheme=scheme)
    browser.ask(f"{SHOW}([{setting!r}])")
    assert list_violations(browser) == []
