"""write_html(trace, report): the page, one self-contained file under the policy of every page."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from archcost.diagrams.labels import name_row
from archcost.explore.picture import describe_picture
from archcost.explore.steps import describe_network
from archcost.page.html.document import join_scripts, read_page_file, write_file
from archcost.page.html.markup import escape_text
from archcost.page.names import clean_lines

if TYPE_CHECKING:
    from archcost.records import Report, Trace

STYLES = (("page.html", "style.css"), ("diagrams", "boxes.css"), ("explore", "page.css"))
SCRIPTS = (  # each script uses the ones before it
    ("diagrams", "layout.js"),
    ("explore", "settings.js"),
    ("explore", "fields.js"),
    ("explore", "arithmetic.js"),
    ("explore", "controls.js"),
    ("explore", "page.js"),
)
BODY = """<header>
<h1>{title}</h1>
<button type="button" id="reset">Reset</button>
<p class="facts">Move a slider or type a number: figures and drawing follow. Layers take the channels that reach them.
The address of this page holds the settings, so that a link to it does, too.</p>
<p id="strange" role="status"></p>
</header>
<main>
<form id="controls" aria-label="Settings"></form>
<section aria-label="Costs">
<p id="refusal" role="status"></p>
<dl id="totals" class="totals" aria-live="polite"></dl>
<div class="frame"><svg id="picture" role="tree" aria-label="Drawing of the network"></svg></div>
<div class="scroll" tabindex="0" role="region" aria-label="Costs of each layer"><table id="table"></table></div>
</section>
</main>
<script type="application/json" id="data">{data}</script>"""


def write_html(trace: Trace, report: Report) -> str:
    """Return a page on which a reader changes the layers of a network.

    Args:
        trace: a walk of the network's forward pass.
        report: of the same walk.

    Raises:
        ArgumentError: a page cannot repeat an operator of the network.
    """
    title = escape_text(f"Explore {clean_lines(report.network.name)}")
    data = json.dumps(build_data(trace, report), ensure_ascii=False).replace("<", "\\u003c")
    style, script = _read_resources()
    return write_file(title, style, script, [BODY.format(title=title, data=data)])


def build_data(trace: Trace, report: Report) -> dict[str, Any]:
    """Return the page's data: rows, layers with settings, steps and drawing.

    Raises:
        ArgumentError: a page cannot repeat an operator of the network.
    """
    rows = [
        {"name": clean_lines(layer.name or layer.kind), "label": clean_lines(name_row(layer))}
        for layer in report.layers
    ]
    return {"rows": rows, **describe_network(trace, report), "picture": describe_picture(report)}


@cache
def _read_resources() -> tuple[str, str]:
    styles, scripts = (
        [read_page_file(f"archcost.{folder}", name) for folder, name in places] for places in (STYLES, SCRIPTS)
    )
    return "".join(styles), join_scripts(*scripts)
