"""Plan the text, the size and the place of each box of a diagram."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.blocks import exceeds
from archcost.charts.theme import TITLE, find_size
from archcost.diagrams.labels import break_name, find_common_riders, name_node, spell_shape
from archcost.diagrams.layout import Spaces, lay_out
from archcost.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.ft2font import FT2Font

    from archcost.charts.theme import Size
    from archcost.diagrams.graph import Graph
    from archcost.diagrams.layout import Layout
    from archcost.records import Report

COSTS = ("macs", "params", "memory", "receptive-field", "none")
SHOWN = ("bar", "width", "colour")
DIRECTIONS = ("down", "right")
QUANTITIES = {"macs": "macs", "params": "params", "memory": "activation_bytes"}
PADDING = 0.6  # of the font, within a box
LEADING = 1.25  # of the font, from line to line
FRAME, FRAME_WITH_BAR = 0.84, 1.1  # of the font, above and below the lines of a box
SHEET = 0.25  # of the font, from a box to the sheet behind it
LABEL = 1.35  # of the font, the room for a shape behind a box
UNIT = 100.0  # font size in points at which letters are measured
MARGIN = 1.2  # of the font, around the drawing
BESIDE = "   "  # between a name and its cost
HEAD = 2.75 * TITLE  # times the font, above the drawing
NOTE = HEAD - 1.3 * TITLE  # the same without a title
GAP = 3.0  # of the font, between networks side by side
FACTORS = (1.6, 1.3, 1.15)  # of the size's font
EXTENTS = {"down": (24.0, 16.0, 12.0), "right": (10.0, 7.0, 5.0)}  # of the font, the size of the costliest box


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The look of a diagram.

    The cost (of `COSTS`), its form (of `SHOWN`), the direction (of `DIRECTIONS`), the names of theme and size, the font
    family (None for the charts' font), and whether the network's name stands above the drawing.
    """

    cost: str = "macs"
    show: str = "bar"
    direction: str = "down"
    theme: str = "light"
    size: str = "16:9"
    font: str | None = None
    titled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to save room.

    Names of more than `letters` are wrapped, or costs stand beside them (`low`); columns may end before branches
    (`loose`) and have less room between them (`tight`). The costliest box is at least `extent` times the font large.
    """

    letters: int | None = None
    low: bool = False
    loose: bool = False
    tight: bool = False
    extent: float = 0.0


FORMS = (
    Form(), Form(letters=16), Form(low=True), Form(loose=True), Form(low=True, loose=True), Form(letters=10),
    Form(letters=10, loose=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a box: its name in one or more lines, its cost as a figure and as a share, and its result's shape.

    If its size shows the cost, `extent` is the least size across the flow as a multiple of the font.
    """

    lines: tuple[str, ...]
    figure: str
    share: float
    shape: str
    low: bool = False  # the cost stands beside the name
    extent: float = 0.0

    @property
    def rows(self) -> tuple[str, ...]:
        """The lines of text to measure."""
        if self.low and self.figure:
            return (f"{' '.join(self.lines)}{BESIDE}{self.figure}",)
        return (*self.lines, self.figure) if self.figure else self.lines


@dataclass(frozen=True, slots=True)
class Plan:
    """One drawing: its title, a note below the title, and the texts and places of its boxes, in points.

    `across` says that it runs to the right. A box's room in the layout includes its shape, which stands after it on the
    leaving line.
    """

    title: str
    note: str
    graph: Graph
    texts: Mapping[int, Text]
    layout: Layout
    font: float
    across: bool

    @property
    def wide(self) -> float:
        """The width with title and note."""
        font = self.font
        return max(self.layout.width, TITLE * 1.1 * measure(self.title, font), measure(self.note, font))

    @property
    def head(self) -> float:
        """The height of title and note, times the font."""
        return _measure_head(self.title, self.note)


def plan_all(graphs: Sequence[tuple[str, Graph, Report]], style: Style) -> list[Plan]:
    """Plan drawings side by side, each with its title.

    Letters are as large as fits, but not smaller than the size's font. If even that does not fit, names are wrapped
    (narrow boxes) or costs stand beside them (low boxes).
    """
    size, best = find_size(style.size), None
    for planned in _try_forms(graphs, style, size.font):
        if fit(planned, size):
            return planned
        best = planned if best is None else min(best, planned, key=lambda each: max(_compare(each, size)))
    assert best is not None  # noqa: S101 - there are forms
    return best


def _try_forms(graphs: Sequence[tuple[str, Graph, Report]], style: Style, font: float) -> Iterator[list[Plan]]:
    """Yield drawings, the most readable first."""
    largest = max(_find_largest(graph, style.cost) for _, graph, _ in graphs)

    def plan_in(form: Form, factor: float = 1.0) -> list[Plan]:
        texts = [_write_all(graph, report, style.cost, largest, form) for _, graph, report in graphs]
        return [
            _plan(title, graph, text, style, factor * font, form)
            for (title, graph, _), text in zip(graphs, texts, strict=True)
        ]

    extents = EXTENTS[style.direction] if style.show == "width" else (0.0,)
    plain = Form(extent=extents[0])
    if fit(plan_in(plain), find_size(style.size)):
        yield from (plan_in(plain, factor) for factor in FACTORS)
    for form in (replace(form, tight=tight) for tight in (False, True) for form in FORMS):
        yield from (plan_in(replace(form, extent=extent)) for extent in extents)


def measure_all(planned: Sequence[Plan]) -> tuple[float, float]:
    """Return the width and the height of drawings with their titles."""
    font = planned[0].font
    widths = [plan.wide for plan in planned]
    width = sum(widths) + GAP * font * (len(planned) - 1) + 2 * MARGIN * font
    head = max(plan.head for plan in planned)
    return width, max(plan.layout.height for plan in planned) + (2 * MARGIN + head) * font


def _compare(planned: Sequence[Plan], size: Size) -> tuple[float, float]:
    """Return the width and the height of drawings relative to a canvas."""
    width, height = measure_all(planned)
    return width / (72 * size.width), height / (72 * size.height)


def fit(planned: Sequence[Plan], size: Size) -> bool:
    """Whether drawings fit a canvas."""
    return max(_compare(planned, size)) <= 1


def _plan(title: str, graph: Graph, texts: Mapping[int, Text], style: Style, font: float, form: Form) -> Plan:
    size, across = find_size(style.size), style.direction == "right"

    def measure_room(key: int) -> tuple[float, float]:
        width, height = measure_box(texts[key], style, font)
        shape, node = texts[key].shape, graph.nodes[key]
        sheet = SHEET * font if node.times > 1 or node.paths > 1 else 0.0
        if across:
            return max(height, LABEL * font), width + (measure(shape, font, style.font) + font if shape else 0.0)
        return max(width, measure(shape, font, style.font)), height + sheet + (LABEL * font if shape else 0.0)

    room_of_column = max((measure_room(key)[0] for key, node in graph.nodes.items() if node.of > 1), default=0.0)

    def place_room(key: int) -> tuple[float, float]:
        width, height = measure_room(key)
        return (room_of_column if graph.nodes[key].of > 1 else width), height

    column = 0.7 if form.tight else 1.6
    spaces = Spaces(across=1.6 * font, along=1.15 * font, lane=0.6 * font, column=column * font)
    reads = {key: list(graph.reads[key]) for key in graph.nodes}
    title, note = title if style.titled else "", _write_note(graph, texts)
    above = 0.0 if across else _measure_head(title, note)
    room = 72 * (size.width if across else size.height) - (2 * MARGIN + above) * font
    layout = lay_out(list(graph.nodes), reads, place_room, spaces, room, loose=form.loose)
    return Plan(title, note, graph, texts, layout.turn() if across else layout, font, across)


def _measure_head(title: str, note: str) -> float:
    return HEAD if title else NOTE if note else 0.0


def _write_note(graph: Graph, texts: Mapping[int, Text]) -> str:
    """Return the words below the title, which hold for all boxes."""
    common = find_common_riders(graph)
    notes = [f"each convolution: + {' + '.join(common)}"] if common else []
    beyond = any(" > " in text.figure for text in texts.values())
    size = units.extents(graph.input_size)
    return "; ".join([*notes, *([f"RF > {size}: a receptive field larger than the {size} input"] if beyond else [])])


def measure_box(text: Text, style: Style, font: float) -> tuple[float, float]:
    """Return the width and the height of a box."""
    width = max(measure(line, font, style.font) for line in text.rows) + 2 * PADDING * font
    height = len(text.rows) * LEADING + (FRAME_WITH_BAR if text.share and style.show == "bar" else FRAME)
    if style.direction == "down":
        return max(width, text.extent * font), height * font
    return width, max(height, text.extent) * font


def _write_all(graph: Graph, report: Report, cost: str, largest: float, form: Form) -> Mapping[int, Text]:
    common = find_common_riders(graph)
    names = {key: name_node(graph, key, report, common) for key in graph.nodes}
    return {key: _write(graph, key, name, cost, largest, form) for key, name in names.items()}


def _write(graph: Graph, key: int, name: str, cost: str, largest: float, form: Form) -> Text:
    value = None if graph.nodes[key].outside else find_cost(graph, key, cost)
    share = value / largest if isinstance(value, float) and largest else 0.0
    source = graph.source(key)
    shape = spell_shape(graph, key)
    if (
        source is not None
        and graph.reader(source) == key
        and graph.readers[key]
        and spell_shape(graph, source) == shape
    ):
        shape = ""  # the shape did not change, and the line above shows it
    lines = break_name(name, form.letters) if form.letters else (name,)
    return Text(lines, spell_cost(value, cost), share, shape, low=form.low, extent=share * form.extent)


def _find_largest(graph: Graph, cost: str) -> float:
    values = (find_cost(graph, key, cost) for key, node in graph.nodes.items() if not node.outside)
    return max((value for value in values if isinstance(value, float)), default=0.0)


def find_cost(graph: Graph, key: int, cost: str) -> float | str | None:
    """Return the cost of a box: a number, or the text of a receptive field."""
    rows = [graph.layers[row] for row in graph.nodes[key].rows]
    if cost in QUANTITIES:
        return sum(getattr(row, QUANTITIES[cost]) or 0 for row in rows) / graph.nodes[key].of
    if cost == "receptive-field":
        field, inputs = graph.layers[max(graph.nodes[key].rows)].receptive_field, graph.input_size
        return f"{units.extents(field)} > {units.extents(inputs)}" if exceeds(field, inputs) else units.extents(field)
    return None


def spell_cost(value: float | str | None, cost: str) -> str:
    """Return the text of a cost; empty for 0."""
    if not value:
        return ""
    if isinstance(value, str):
        return f"RF {value}"
    metric = METRICS[QUANTITIES[cost]]
    return units.short(value, metric.unit) if metric.unit else f"{units.short(value)} {metric.label}"


def measure(text: str, font: float, family: str | None = None) -> float:
    """Return the width of a text in points."""
    return _measure_unit(text, family or "DejaVu Sans") * font


@cache
def _measure_unit(text: str, family: str) -> float:
    """Return the width of a text in units of the font."""
    font = _load_font(family)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64 / UNIT  # FreeType counts in 64ths of a point


@cache
def _load_font(family: str) -> FT2Font:
    """Return the metrics of a font; DejaVu Sans comes with matplotlib."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(FontProperties(family=family)))
    font.set_size(UNIT, 72)
    return font
