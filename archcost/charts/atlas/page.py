"""The page: its data and a self-contained document."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from archcost.comparison.published import describe_published, read_conditions, read_published_networks
from archcost.metrics import METRICS
from archcost.page.html.document import write_file
from archcost.page.html.markup import escape_text
from archcost.records.published import DATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records.published import Published

# the quantities of axes, areas and hues: metrics of archcost.metrics, then others
COSTS = (
    "macs",
    "params",
    "activation_elements",
    "macts",
    "peak_inference_bytes",
    "depth",
    "read_bytes",
)
ACCURACIES = {"top1": "Top-1 accuracy", "top5": "Top-5 accuracy", "real1": "ReaL top-1 accuracy"}
FIELD, YEAR = "receptive_field", "year"
DIGITS = 6  # significant digits of a drawn cost: `archcost compare` has all of them


def write_atlas() -> str:
    """Return the page as one file that loads nothing and whose security policy forbids loading."""
    own, common = files("archcost.charts.atlas"), files("archcost.page.html")
    script, body = (own.joinpath(name).read_text(encoding="utf-8") for name in ("page.js", "page.html"))
    style = "".join(each.read_text(encoding="utf-8") for each in (common / "style.css", own / "page.css"))
    networks = read_published_networks()
    data = json.dumps(build_data(networks), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    notes = "".join(f"<p><small>{escape_text(note)}</small></p>" for note in describe_published())
    title = f"{len(networks):,} published networks"
    return write_file(
        title,
        style,
        script,
        [
            f"<header><h1>{title}</h1></header>",
            f"<main>{body.replace('<!-- notes -->', notes)}</main>",
            f'<script type="application/json" id="data">{data}</script>',
        ],
    )


def build_data(networks: Sequence[Published]) -> dict[str, Any]:
    """Return the page's data: the axes, and for each a column with a value or null for each network."""
    axes: list[dict[str, Any]] = [
        *({"name": name, "label": METRICS[name].label, "unit": METRICS[name].unit, "up": False} for name in COSTS),
        # neither a small field nor a large one is better
        {"name": FIELD, "label": "Receptive field", "unit": METRICS[FIELD].unit, "up": None},
        *({"name": name, "label": label, "unit": "%", "up": True} for name, label in ACCURACIES.items()),
        *(
            {"name": f"rate:{name}", "label": f"Images/s, {name}", "unit": "", "up": True, "note": conditions.text}
            for name, conditions in read_conditions().items()
        ),
        {"name": YEAR, "label": "Year", "unit": "", "up": False, "note": DATED},
    ]
    papers = list(dict.fromkeys(each.paper for each in networks if each.paper))
    places = {paper: place for place, paper in enumerate(papers)}
    return {
        "axes": axes,
        "columns": {axis["name"]: [_read(each, str(axis["name"])) for each in networks] for axis in axes},
        "library": [each.library for each in networks],
        "model": [each.model for each in networks],
        "size": [each.size for each in networks],
        "family": [each.family for each in networks],
        "pretraining": [each.pretraining for each in networks],
        "everything": [each.sees_everything for each in networks],
        "paper": [None if each.paper is None else places[each.paper] for each in networks],
        "papers": [[paper.title, paper.source] for paper in papers],
    }


def _read(network: Published, name: str) -> float | None:
    if name.startswith("rate:"):
        sample = network.samples.get(name.removeprefix("rate:"))
        return None if sample is None else sample.per_second
    if name in ACCURACIES:
        accuracy: float | None = getattr(network, name)
        return accuracy
    if name == FIELD:
        return network.field
    if name == YEAR:
        return network.year
    value = getattr(network.totals, name)
    return value if value < 10**DIGITS else int(float(f"{value:.{DIGITS}g}"))
