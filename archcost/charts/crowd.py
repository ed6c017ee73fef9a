"""Charts of published networks, up to thousands: the frontier and the lectures' networks are named, the rest is faint.

Hues show families, areas a cost. Shapes show pretrainings if there are several.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.families import LECTURED, SHAPES
from archcost.charts.labels import place_labels
from archcost.charts.measured import cite_times
from archcost.charts.scales import make_logarithmic
from archcost.comparison.published import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from archcost.charts.canvas import Canvas
    from archcost.charts.quantities import Quantity
    from archcost.records import Comparison, ComparisonRow

ROOM = 24  # names of the frontier, side by side, at most
SHAPED = 5  # pretrainings with a shape of their own
LARGEST, SMALLEST = 0.045, 0.008  # of the chart's height: diameters
FAINT, CLEAR = 0.4, 0.95  # opacity
HERE = "counted here"  # in place of a pretraining
LECTURED_AS = ("legacy_",)  # timm's prefixes of some of the lectures' names


def draw_crowd(
    canvas: Canvas,
    data: Comparison,
    rows: Sequence[ComparisonRow],
    best: Sequence[int],
    *,
    across: Quantity,
    up: Quantity,
    area: Quantity,
    labels: str,
    headline: str,
) -> None:
    """Draw all networks faintly and the named ones clearly; `best` holds the places of the frontier."""
    axes = canvas.add_axes()
    axes.set(xlabel=across.label, ylabel=up.label)
    xs, ys = ([(of.read(row) or 0) / of.unit for row in rows] for of in (across, up))
    make_logarithmic(axes.xaxis, xs)
    if up.unit == 1:  # an accuracy
        axes.set_ylim(min(ys) - 2, min(max(ys) + 4, 100))
    else:
        make_logarithmic(axes.yaxis, ys)
    named = _choose_named(rows, best if labels == "pareto" else _thin(xs, best), labels, canvas.words.highlight)
    hues, shapes = _assign_hues(canvas, rows), assign_shapes(rows)
    steps: tuple[Sequence[float], Sequence[float]] = ((), ())
    if best:
        corners = [(xs[i], ys[i]) for i in best]
        steps = [x for x, _ in corners], [y for _, y in corners]
        axes.step(*steps, where="post", color=canvas.theme.muted, linewidth=1.6, zorder=3, label="pareto")
    areas = _compute_areas(canvas, rows, area)
    _draw_marks(axes, canvas, rows, (xs, ys, areas), hues=hues, shapes=shapes, clear={*named, *best})
    canvas.write_title(headline, _cite(data, rows, across, up))
    handles = [*_list_hues(canvas, hues, rows), *list_shapes(canvas, shapes, rows), *_list_sizes(canvas, rows, area)]
    canvas.figure.legend(handles=handles, loc="outside right upper", labelspacing=0.3, handlelength=1.6)
    texts = _name(rows, named)
    balls = axes.scatter(xs, ys, s=areas, facecolors="none", edgecolors="none", label="balls")
    points = [(xs[i], ys[i]) for i in named]
    names = [(text, *point) for text, point in zip(texts, points, strict=True)]
    lines = [steps] if best else []
    lost = place_labels(canvas, axes, names, balls=balls, points=points, lines=lines)
    canvas.unplaced.extend(text for text, _, _ in lost)
    balls.remove()  # already drawn; names keep clear of them
    for text in axes.texts:
        text.set_bbox({**canvas.plate, "alpha": 0.7})


def _choose_named(rows: Sequence[ComparisonRow], best: Sequence[int], labels: str, wanted: Sequence[str]) -> list[int]:
    """Return the places of the rows to name, the most important first.

    If one of the lectures' networks has several weights, only the most accurate is named.
    """
    looked_at = [i for i, row in enumerate(rows) if {row.spec, row.name} & set(wanted)]
    if labels == "none":
        return looked_at
    lectured: dict[str, int] = {}
    for i, row in sorted(enumerate(rows), key=lambda each: _read_top1(each[1])):
        architecture = _find_architecture(row)
        if architecture in LECTURED:
            lectured[architecture] = i
    chosen = [*looked_at, *(lectured.values() if labels != "pareto" else ()), *best[::-1]]
    if labels == "all":
        chosen += range(len(rows))
    return list(dict.fromkeys(chosen))


def _thin(xs: Sequence[float], best: Sequence[int]) -> list[int]:
    """Return the frontier's most accurate network, then each network that lies far enough from the last one chosen."""
    step = (max(xs) / min(xs)) ** (1 / ROOM)
    kept: list[int] = []
    for i in reversed(best):
        if not kept or max(xs[i], xs[kept[-1]]) / min(xs[i], xs[kept[-1]]) >= step:
            kept.append(i)
    return kept[::-1]


def _read_top1(row: ComparisonRow) -> float:
    return (row.accuracy.top1 or 0) if row.accuracy else 0


def _find_architecture(row: ComparisonRow) -> str:
    name = row.name.partition(".")[0] if row.published else row.spec
    for prefix in LECTURED_AS:
        name = name.removeprefix(prefix)
    return name


def _name(rows: Sequence[ComparisonRow], places: Sequence[int]) -> list[str]:
    """Return the names of rows: the architecture, and as much of the rest as makes each name unique."""
    briefs = {i: rows[i].name.partition(".")[0] if rows[i].published else rows[i].name for i in places}
    sized = {i: f"{brief}@{rows[i].input[-1]}" for i, brief in briefs.items()}
    often, often_sized = Counter(briefs.values()), Counter(sized.values())
    full = {i: rows[i].spec.partition(":")[2] or rows[i].spec for i in places}
    return [briefs[i] if often[briefs[i]] == 1 else sized[i] if often_sized[sized[i]] == 1 else full[i] for i in places]


def _assign_hues(canvas: Canvas, rows: Sequence[ComparisonRow]) -> Mapping[str, str]:
    """Return the hues of the families that have the most networks."""
    often = Counter(row.family for row in rows)
    return dict(zip(sorted(often, key=lambda family: (-often[family], family)), canvas.theme.hues, strict=False))


def assign_shapes(rows: Sequence[ComparisonRow]) -> Mapping[str, str]:
    """Return the shapes of the pretrainings that have the most networks; ImageNet-1k alone comes first."""
    found = Counter(row.pretraining or HERE for row in rows)
    ordered = sorted(found, key=lambda name: (name != OWN, -found[name], name))[:SHAPED]
    return dict(zip(ordered, SHAPES, strict=False))


def find_shape(shapes: Mapping[str, str], row: ComparisonRow) -> str:
    """Return a network's shape: its pretraining's, or the shape of all others."""
    return shapes.get(row.pretraining or HERE, SHAPES[SHAPED])


def _compute_areas(canvas: Canvas, rows: Sequence[ComparisonRow], area: Quantity) -> list[float]:
    """Return areas in square points, each large enough to see. Rounded diameters keep files small."""
    largest, height = max(area.read(row) or 0 for row in rows) or 1, 72 * canvas.size.height
    diameters = (LARGEST * height * ((area.read(row) or 0) / largest) ** 0.5 for row in rows)
    return [max(round(each), SMALLEST * height) ** 2 for each in diameters]


def _draw_marks(
    axes: Axes,
    canvas: Canvas,
    rows: Sequence[ComparisonRow],
    places: tuple[Sequence[float], Sequence[float], Sequence[float]],
    *,
    hues: Mapping[str, str],
    shapes: Mapping[str, str],
    clear: set[int],
) -> None:
    """Draw the marks, the largest at the back, and the `clear` ones again on top.

    An SVG defines each look once and reuses it: a thousand separate paths would take a megabyte.
    """
    looks: dict[tuple[float, str, str], list[int]] = defaultdict(list)
    for i in sorted(range(len(rows)), key=lambda i: -places[2][i]):
        colour = canvas.choose_hue(hues.get(rows[i].family, canvas.theme.rest), rows[i].spec, rows[i].name)
        looks[places[2][i], colour, find_shape(shapes, rows[i])].append(i)
    for (size, colour, shape), members in looks.items():
        style = {"linestyle": "", "marker": shape, "color": colour, "markersize": size**0.5}
        chosen = [i for i in members if i in clear]
        axes.plot(*([of[i] for i in members] for of in places[:2]), **style, alpha=FAINT, markeredgewidth=0, zorder=2)
        axes.plot(
            *([of[i] for i in chosen] for of in places[:2]), **style, alpha=CLEAR, markeredgewidth=0.6, zorder=3.5,
            markeredgecolor=canvas.theme.background,
        )  # fmt: skip


def _build_handle(canvas: Canvas, label: str, **look: object) -> Line2D:
    from matplotlib.lines import Line2D

    style = {"linestyle": "", "marker": "o", "color": canvas.theme.muted, "markersize": 0.6 * canvas.size.font, **look}
    return Line2D([], [], label=label, **style)  # type: ignore[arg-type]  # each has a type of its own


def _list_hues(canvas: Canvas, hues: Mapping[str, str], rows: Sequence[ComparisonRow]) -> list[Line2D]:
    found = [_build_handle(canvas, family, color=hue) for family, hue in hues.items()]
    if any(row.family not in hues for row in rows):
        found.append(_build_handle(canvas, "other families", color=canvas.theme.rest))
    return found


def list_shapes(canvas: Canvas, shapes: Mapping[str, str], rows: Sequence[ComparisonRow]) -> list[Line2D]:
    """Return the entries of a legend: the shapes, if there are several."""
    if len(shapes) == 1:
        return []
    found = [_build_handle(canvas, name, marker=shape) for name, shape in shapes.items()]
    others = any((row.pretraining or HERE) not in shapes for row in rows)
    return [*found, *([_build_handle(canvas, "other data", marker=SHAPES[SHAPED])] if others else [])]


def _list_sizes(canvas: Canvas, rows: Sequence[ComparisonRow], area: Quantity) -> list[Line2D]:
    """Return circles of round sizes."""
    largest = max(area.read(row) or 0 for row in rows) / area.unit
    steps = [step for step in area.steps if step <= largest][::2] or [largest]
    steps = [*steps, *([100 * steps[-1]] if 100 * steps[-1] <= largest else [])]
    whole = LARGEST * 72 * canvas.size.height
    return [
        _build_handle(
            canvas, f"{units.number(step)} {area.label.rpartition('(')[2].rstrip(')')} {area.name}",
            markersize=max(whole * (step / largest) ** 0.5, 2), markerfacecolor="none",
        )
        for step in steps
    ]  # fmt: skip


def _cite(data: Comparison, rows: Sequence[ComparisonRow], across: Quantity, up: Quantity) -> str:
    pretrainings = sorted({row.pretraining for row in rows if row.pretraining})
    texts = [f"{units.exact(len(rows))} sets of weights"]
    if pretrainings == [OWN]:
        texts[0] += " that saw ImageNet-1k alone"
    if up.unit == 1:
        texts.append(f"Accuracy: {data.origin}")
    if "time" in across.name:
        texts.append(cite_times([row.time for row in rows]) + "; each at its own batch")
    return ". ".join((*texts, "Costs: counted by archcost"))
