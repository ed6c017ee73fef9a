"""Pages of the two reports that the other renderers are tested with."""

from __future__ import annotations

import pytest
from render.html.parsed import parse

from archcost.render import render


@pytest.fixture(scope="session")
def vgg16_html(vgg16):
    return render(vgg16, "html")


@pytest.fixture
def page(branched):
    return parse(render(branched, "html"))
