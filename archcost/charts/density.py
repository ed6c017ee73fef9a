"""Information density: top-1 accuracy for each million parameters, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.datasets import cite_accuracies, keep_dataset
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.charts.canvas import Canvas
    from archcost.records import Comparison, ComparisonRow

MOST = 20  # bars whose names are readable from the last row
AROUND = 9  # lines of letters above and below the bars


def draw(
    canvas: Canvas,
    data: Comparison,
    *,
    printed: Mapping[str, float] | None = None,
    title: str | None = None,
    remark: str = "",
) -> None:
    """Draw a bar for each network, the densest on top; of many networks, draw only the densest that have room.

    Args:
        canvas: the canvas to draw on.
        data: networks; those without an accuracy are left out.
        printed: a paper's own values, by spec.
        title: the headline.
        remark: further information about the networks.

    Raises:
        ArgumentError: fewer than two networks have an accuracy.
    """
    data, note = keep_dataset(data)
    rows = sorted((row for row in data.rows if row.density), key=lambda row: -(row.density or 0))
    if len(rows) < 2:  # noqa: PLR2004 - a comparison
        raise ArgumentError(f"a chart of density compares at least two networks; {len(rows)} can be drawn")
    shown = rows[: min(MOST, int(72 * canvas.size.height / canvas.size.font) - AROUND)]
    axes = canvas.add_axes()
    values = [row.density or 0 for row in shown]
    bars = axes.barh(
        [f"{name}  ({units.short(row.params)})" for name, row in zip(_name(shown), shown, strict=True)],
        values,
        color=[canvas.choose_hue(canvas.theme.hues[0], row.spec, row.name) for row in shown],
        label="density",
    )
    axes.bar_label(
        bars, [units.fixed(value, 1) for value in values], padding=4, fontsize=canvas.size.font, bbox=canvas.plate
    )
    beside = [(place, printed[row.spec]) for place, row in enumerate(shown) if printed and row.spec in printed]
    if beside:
        places, theirs = zip(*beside, strict=True)
        axes.plot(theirs, places, "D", color=canvas.theme.hues[1], label="as read from the paper's figure")
        axes.legend(loc="lower right", fontsize=canvas.size.font)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlim(0, 1.1 * max((*values, *(value for _, value in beside))))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("top-1 accuracy for each million parameters (% / M)")
    finding = f": most in {shown[0].name.partition(', ')[0]}"
    few = finding if len(rows) == len(shown) else f", the densest {len(shown)} of {units.exact(len(rows))}"
    canvas.write_title(
        title or f"Information density{few}",
        ". ".join(
            filter(None, (cite_accuracies(data), "Behind the name: parameters, counted by archcost", note, remark))
        ),
        wide=True,
    )


def _name(rows: Sequence[ComparisonRow]) -> list[str]:
    """Return the names without their remarks, or the spec if networks share a name, so that each bar's is unique."""
    names = [row.name.partition(", ")[0] for row in rows]
    return [row.spec if names.count(name) > 1 else name for name, row in zip(names, rows, strict=True)]
