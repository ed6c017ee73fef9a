"""One file that needs no other file, admits no foreign code, and is the same every time."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys

import pytest
from page.documents import document
from page.html.parsed import parse
from render.reports import branched, layer, report

from archcost.page.emit import emit
from archcost.render.report import build_page, render
from archcost.render.view import View

HOSTILE = "</script><script>alert('&\"')</script><img src=x onerror=alert(1)>\x00\x1b[31m\ud800"


def policy(root):
    meta = next(each for each in root.all("meta") if each.attributes.get("http-equiv"))
    assert meta.attributes["http-equiv"] == "Content-Security-Policy"
    return dict(part.strip().split(" ", 1) for part in meta.attributes["content"].split(";"))


@pytest.mark.parametrize("view", ["layers", "modules", "ops", "lecture"])
def test_every_view_is_a_well_formed_document(vgg16, view):
    root = parse(render(vgg16, "html", view=view))
    assert [node.tag for node in root.children if not isinstance(node, str)] == ["html"]
    assert len(root.all("h1")) == 1
    ids = [node.attributes["id"] for node in root.nodes() if "id" in node.attributes]
    assert len(ids) == len(set(ids))


def test_it_refers_to_nothing_outside(vgg16_html):
    root = parse(vgg16_html)
    targets = [v for node in root.nodes() for k, v in node.attributes.items() if k in {"src", "href", "action", "data"}]
    assert all(target.startswith(("data:", "#")) for target in targets)
    assert "url(" not in vgg16_html
    assert "@import" not in vgg16_html


def test_the_policy_allows_this_style_and_this_script_alone(vgg16_html):
    root = parse(vgg16_html)
    rules = policy(root)
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in str(rules)
    for tag in ("style", "script"):
        (node,) = root.all(tag)
        digest = base64.b64encode(hashlib.sha256(node.text.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_nothing_needs_what_the_policy_refuses(vgg16_html):
    names = {name for node in parse(vgg16_html).nodes() for name in node.attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


def test_hostile_names_stay_text():
    rows = [layer("input", "Input", (1, 3), module=""), layer(HOSTILE, HOSTILE, (1, 3), 0, operators=(HOSTILE,))]
    hostile = report(HOSTILE, rows, modules={"": HOSTILE}, uncovered={HOSTILE: 1}, warnings=(HOSTILE,))
    text = render(hostile, "html")
    text.encode()  # half a surrogate pair would fail here
    root = parse(text)
    assert len(root.all("script")) == len(root.all("h1")) == 1
    assert not root.all("img")
    assert "</script><script>alert('&\"')" in root.all("h1")[0].text
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)


def test_vgg16_is_small(vgg16_html):
    assert len(vgg16_html.encode()) < 300_000


def test_two_processes_write_the_same_bytes():
    program = (
        "import sys; sys.path.insert(0, 'tests'); from render.reports import branched;"
        "from archcost.render.report import render; sys.stdout.write(render(branched(), 'html'))"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second == render(branched(), "html").encode()


def test_no_heavy_library_is_needed():
    program = (
        "import sys; sys.path.insert(0, 'tests'); from render.reports import branched;"
        "from archcost.render.report import render; before = set(sys.modules); render(branched(), 'html');"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "archcost" in loaded
    assert not {"matplotlib", "pandas", "numpy", "rich", "torch"} & set(loaded)


def test_several_pages_share_a_document(branched, chain):
    pages = build_page(branched, View(name="layers")), build_page(chain, View(name="modules"))
    root = parse(emit(document(*pages), "html"))
    assert [node.text for node in root.all("h1")] == ["Branched (branched)"]
    assert [node.text for node in root.all("h2")] == ["Chain (chain)"]
    assert len(root.all("table")) == 2
    ids = [node.attributes["id"] for node in root.nodes() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
