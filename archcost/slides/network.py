"""build_network_deck(report): a network as slides: its totals, where its costs lie, and published figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts import draw_chart, encode_figure
from archcost.charts.canvas import Words
from archcost.charts.layers import MOST_LAYERS, WORDS, fold_layers
from archcost.diagrams import Style, draw_network
from archcost.page.page import Page
from archcost.render import claims, lecture_rows
from archcost.render.report import build_page
from archcost.render.view import View
from archcost.slides.deck import SIZE, Deck, Picture
from archcost.slides.pages import Frame, build_picture_slide, build_slides
from archcost.slides.sources import list_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.charts.layers import Bar
    from archcost.page.page import Figure
    from archcost.records import Finding, Layer, Report
    from archcost.slides.deck import Slide

BARS = 36  # whose names fit on a slide
STEPS = 12  # the most clicks that build a diagram up
TOLD = 5  # bars whose arithmetic is in the speaker's notes
SPELLED = {
    "params": lambda layer: lecture_rows.spell_weights(layer, ()),
    "activation_bytes": lecture_rows.spell_memory,
    "macs": lecture_rows.spell_operations,
}
UNITS = {"activation_bytes": "B"}
LISTED = 4  # slides that a listing of rows may take
FINDING = ("quantity", "printed", "measured", "verdict", "source")
HOLDING = ("match", "rounding")  # verdicts on figures whose digits are printed


def build_network_deck(report: Report, findings: Sequence[Finding] = (), *, steps: bool = False) -> Deck:
    """Return a network as slides.

    Args:
        report: the network's report for one image.
        findings: the network's published figures compared with measured ones.
        steps: build the diagram up in the order of execution.
    """
    name = report.network.name
    frame = Frame(name, sources=list_sources([report.network.spec]))
    return Deck(title=name, slides=tuple(_yield_slides(report, name, frame, findings, steps=steps)))


def _yield_slides(
    report: Report, name: str, frame: Frame, findings: Sequence[Finding], *, steps: bool
) -> Iterator[Slide]:
    totals = report.totals
    page = build_page(report, View(name="modules"))
    costs = f"{units.short(totals.params)} parameters, {units.short(totals.macs)} multiply-adds"
    first = f"{name}: {costs}, {units.short(totals.activation_bytes, 'B')} of activations"
    yield from build_slides(
        Page(title=page.title, facts=page.facts, figures=_choose(page)), frame._replace(title=first)
    )
    yield _build_diagram_slide(report, name, frame, steps=steps)
    for quantity in ("params", "activation_bytes", "macs"):
        yield _build_chart(report, name, quantity, frame)
    yield from _yield_fields(report, name, frame)
    yield from _yield_rows(report, name, frame)
    yield from _yield_findings(name, findings, frame)


def _choose(page: Page) -> tuple[Figure, ...]:
    """Return the totals for the title slide, without their parts."""
    return tuple(figure for figure in page.figures if not figure.level)


def _build_diagram_slide(report: Report, name: str, frame: Frame, *, steps: bool) -> Slide:
    """Return the slide of the diagram, in the direction that leaves room for more of the network."""
    depth = report.totals.depth
    title = f"{name} has {units.exact(depth)} weighted layer{'' if depth == 1 else 's'} on its longest path"
    drawn = {
        way: draw_network(report, style=Style(size=SIZE, direction=way, titled=False)) for way in ("right", "down")
    }
    way = max(drawn, key=lambda each: (drawn[each].fits, drawn[each].boxes))
    count = drawn[way].boxes

    def draw(first: int, theme: str, format_: str) -> bytes:
        style = Style(theme=theme, size=SIZE, direction=way, titled=False)
        return encode_figure(draw_network(report, first=first, style=style).figure, format_)

    parts = min(STEPS, count) if steps else 1
    pictures = tuple(partial(draw, count * part // parts) for part in range(1, parts + 1))
    return build_picture_slide(Picture(alt=f"Diagram of {name}", steps=pictures), frame._replace(title=title))


def _build_chart(report: Report, name: str, quantity: str, frame: Frame) -> Slide:
    """Return the slide that shows where a quantity lies."""

    def draw(theme: str, format_: str) -> bytes:
        words = Words(title="")
        return encode_figure(
            draw_chart("layers", [report], theme=theme, size=SIZE, words=words, quantities=(quantity,))[0], format_
        )

    bars = fold_layers(report, min(BARS, MOST_LAYERS))
    total = getattr(report.totals, quantity)
    ordered = sorted(bars, key=lambda bar: bar.value(quantity), reverse=True)
    title = f"{name}: it has no {WORDS[quantity]}"
    if total:
        share = units.share(ordered[0].value(quantity), total)
        title = f"{name}: {share} % of the {WORDS[quantity]} {_choose_verb(quantity)} in {ordered[0].name}"
    told = tuple(_tell(bar, quantity, total) for bar in ordered[:TOLD] if bar.value(quantity))
    alt = f"{WORDS[quantity].capitalize()} of each layer of {name}"
    return build_picture_slide(Picture(alt=alt, steps=(draw,)), frame._replace(title=title, notes=told))


def _choose_verb(quantity: str) -> str:
    return "are" if WORDS[quantity].endswith("s") else "is"


def _tell(bar: Bar, quantity: str, total: int) -> str:
    """Return a bar's figure, its share and its product."""
    value = bar.value(quantity)
    figure = f"{bar.name}: {units.exact(value)}{' B' if quantity in UNITS else ''}, {units.share(value, total)} %"
    product = SPELLED[quantity](bar.layers[0]) if len(bar.layers) == 1 else ""
    return f"{figure}: {product}" if "=" in product else figure


def _yield_fields(report: Report, name: str, frame: Frame) -> Iterator[Slide]:
    """Yield the slides of the rows at which the receptive field grows."""
    grown = list(_list_growing(report.layers))
    if not grown:
        return
    page = build_page(report, View(columns=("receptive_field",)))
    assert page.table is not None  # noqa: S101 - the view of layers has one
    names = {layer.name for layer in grown}
    lines = tuple(
        replace(line, level=0, label=line.name)
        for line in page.table.lines
        if line.role == "row" and line.name in names
    )
    last = units.extents(grown[-1].receptive_field)
    inputs = units.extents(report.network.inputs[0].shape[2:])
    title = f"{name}: a value at {grown[-1].name} sees {last} of the input's {inputs} pixels on a side"
    told = tuple(map(_tell_field, grown))
    shown = Page(title=page.title, facts=page.facts, table=replace(page.table, lines=lines, total=None))
    yield from build_slides(shown, frame._replace(title=title, notes=told))


def _list_growing(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Yield the layers with a window with a larger receptive field than all layers before."""
    largest: tuple[int, ...] = ()
    for layer in layers:
        field = layer.receptive_field
        if layer.kernel is None or not field or not all(isinstance(size, int) for size in field):
            continue
        sizes = tuple(int(size) for size in field if isinstance(size, int))
        if sizes > largest:
            largest = sizes
            yield layer


def _tell_field(layer: Layer) -> str:
    window = f"{units.shape(layer.kernel or ())}, stride {units.extents(layer.stride)}"
    return f"{layer.name}: {window}: receptive field {units.extents(layer.receptive_field)}"


def _yield_rows(report: Report, name: str, frame: Frame) -> Iterator[Slide]:
    """Yield the slides of the lecture's table; if it needs too many, those of the modules, with its rows as notes."""
    page = build_page(report, View(name="lecture", flops=True))
    listed = build_slides(page, frame._replace(title=f"{name}, row by row: every figure is a product"))
    if len(listed) <= LISTED:
        yield from listed
        return
    macs = Counter[str]()
    for layer in report.layers:
        macs[layer.name.partition(".")[0]] += layer.macs
    (most, value), *_ = macs.most_common(1)
    title = f"{name}, module by module: {units.share(value, report.totals.macs)} % of the multiply-adds are in {most}"
    told = tuple(line for line in page.lines if line)
    yield from build_slides(build_page(report, View(name="modules")), frame._replace(title=title, notes=told))


def _yield_findings(name: str, findings: Sequence[Finding], frame: Frame) -> Iterator[Slide]:
    if not findings:
        return
    differing = [finding for finding in findings if finding.verdict == "differs"]
    holding = sum(finding.verdict in HOLDING for finding in findings)
    differ = f"; {units.exact(len(differing))} differ{'s' if len(differing) == 1 else ''}" if differing else ""
    title = f"{name}: {units.exact(holding)} of {units.exact(len(findings))} printed figures hold{differ}"
    shown = differing or findings
    cited = tuple(dict.fromkeys(finding.claim.source.title for finding in shown))
    told = tuple(
        f"{finding.claim.source.title}, {finding.claim.at}: {finding.claim.printed}. {finding.explanation}".strip()
        for finding in shown
    )
    page = Page(title=claims.spell_title(findings), table=claims.build_table(shown, FINDING))
    yield from build_slides(page, frame._replace(title=title, notes=told, sources=(*cited, *frame.sources)))
