"""Text and elements."""

from __future__ import annotations

from archcost.page.html.markup import escape_text, write_element


def test_text_cannot_become_markup():
    assert escape_text("<b a='1' c=\"2\">&amp;") == "&lt;b a=&#x27;1&#x27; c=&quot;2&quot;&gt;&amp;amp;"


def test_what_html_forbids_is_replaced():
    assert escape_text("a\x00b\x1b\ud800\uffff\n") == "a\ufffdb\ufffd\ufffd\ufffd\n"


def test_an_element_escapes_its_attributes_and_leaves_out_empty_ones():
    assert write_element("td", "1", class_="", data_v=None) == "<td>1</td>"
    assert write_element("th", "<b>x</b>", class_='"t"', aria_sort="none") == (
        '<th class="&quot;t&quot;" aria-sort="none"><b>x</b></th>'
    )
