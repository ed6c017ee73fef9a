"""A deck in Chromium, offline: arrows turn the slides, s shows the notes, nothing runs out of the page."""

from __future__ import annotations

import pytest
from browser import list_violations, run_browser

from archcost.profiling.profile import profile
from archcost.slides import build_network_deck, write_html

WIDE, NARROW = 1400, 390
SHOWN = "document.querySelector('.speaker-notes').innerText"
# what lies right of the edge of a slide, or below it
OUTSIDE = """
[...document.querySelectorAll('section.present *')].filter((each) => {
  const slide = document.querySelector('section.present').getBoundingClientRect();
  const box = each.getBoundingClientRect();
  return box.width && (box.right > slide.right + 1 || box.bottom > slide.bottom + 1);
}).map((each) => each.tagName)
"""
browser = pytest.fixture(scope="module")(run_browser)


@pytest.fixture(scope="module")
def deck():
    return build_network_deck(profile("inception_reduced", device="meta"))


@pytest.fixture(scope="module")
def path(deck, tmp_path_factory):
    path = tmp_path_factory.mktemp("slides") / "deck.html"
    path.write_text(write_html(deck), encoding="utf-8")
    return path


def list_requests(browser):
    return [url for url in browser.requests if not url.startswith(("file:", "data:"))]


def test_an_arrow_turns_each_slide_and_s_shows_its_notes(browser, deck, path):
    browser.open(path, width=WIDE)
    browser.press("s")
    for n, slide in enumerate(deck.slides, 1):
        assert browser.ask("document.querySelector('section.present h2').innerText") == slide.title
        assert browser.ask("document.querySelector('.slide-number').innerText").split() == [
            f"{n}",
            "/",
            f"{len(deck.slides)}",
        ]
        assert "".join(browser.ask(SHOWN).split()) == "".join("".join(slide.notes).split())
        assert browser.ask(OUTSIDE) == [], slide.title
        browser.press("ArrowRight")
    assert browser.ask("Reveal.getIndices().h") == len(deck.slides) - 1
    assert (list_requests(browser), browser.messages) == ([], [])
    browser.ask("document.querySelector('section.present h2').style.width = '3000px'; 0")
    assert browser.ask(OUTSIDE) == ["H2"]  # what runs out of a slide is found


def test_notes_are_hidden_until_they_are_asked_for(browser, path):
    browser.open(path, width=WIDE)
    visible = "getComputedStyle(document.querySelector('.speaker-notes')).display"
    before = browser.ask(visible)
    browser.press("s")
    assert (before, browser.ask(visible)) == ("none", "block")
    browser.press("s")
    assert browser.ask(visible) == "none"


def test_on_a_phone_the_slides_stand_below_each_other_within_its_width(browser, deck, path):
    browser.open(path, width=NARROW)
    tops = browser.ask("[...document.querySelectorAll('section')].map((each) => each.getBoundingClientRect().top)")
    assert len(tops) == len(deck.slides)
    assert tops == sorted(tops)
    assert len(set(tops)) == len(tops)
    assert browser.ask("document.documentElement.scrollWidth") == NARROW
    assert browser.ask("getComputedStyle(document.querySelector('aside.notes')).display") == "none"
    browser.ask("document.getElementById('notes').click(); 0")
    assert browser.ask("getComputedStyle(document.querySelector('aside.notes')).display") == "block"
    assert browser.ask("document.documentElement.scrollWidth") == NARROW
    assert (list_requests(browser), browser.messages) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_picture_of_each_theme_is_seen(browser, path, scheme):
    browser.open(path, width=WIDE, scheme=scheme)
    browser.ask("Reveal.slide(1); 0")
    pictures = "[...document.querySelectorAll('section.present img')]"
    assert browser.ask(f"{pictures}.filter((each) => each.offsetWidth).map((each) => each.className)") == [scheme]


def test_axe_finds_nothing_serious(browser, path):
    browser.open(path, width=NARROW)
    assert [each for each in list_violations(browser) if each[0] in {"serious", "critical"}] == []
