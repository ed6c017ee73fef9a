"""The canvas of a chart: a figure with headline, sources and highlight colours."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from archcost.charts.theme import TITLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from archcost.charts.theme import Size, Theme

KEY = 0.25  # of the height, at most, for the key of numbers
GAP = "   "  # between its entries
TIED = "\0"  # a space at which a line must not break
LETTER = 0.53  # times the font: the average width of a letter of DejaVu Sans


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A user's texts on a chart: a headline that replaces ours, a line below it, and the networks to highlight."""

    title: str | None = None
    subtitle: str | None = None
    highlight: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Canvas:
    """The drawing surface of a chart: the figure, its theme, its size and the user's texts.

    `unplaced` holds the names that did not fit; the caller reports them.
    """

    figure: Figure
    theme: Theme
    size: Size
    words: Words = Words()
    unplaced: list[str] = field(default_factory=list)

    def write_title(
        self, text: str, source: str, *, wide: bool = False, key: Sequence[str] = (), key_share: float = 0.78
    ) -> int:
        """Write the headline, and below the chart the lines of its sources; return the number of those lines.

        The headline leaves room for a legend beside it unless it may be `wide`. The entries of a `key` are written
        above the sources within a share of the width, to leave room for a legend.
        """
        width, font = (0.98 if wide else 0.76) * 72 * self.size.width, self.size.font
        headline = text if self.words.title is None else self.words.title
        if headline:
            lines = wrap_evenly(headline, int(width / (0.63 * TITLE * font)))
            self.figure.suptitle(lines, x=0.012, ha="left", fontsize=TITLE * font, fontweight="bold")
        if self.words.subtitle:
            self._write_subtitle(wrap_evenly(self.words.subtitle, int(width / (LETTER * 1.1 * font))))
        cited = wrap_evenly(source, int(0.976 * self._letters))
        lines = "\n".join([*_join_entries(key, int(key_share * self._letters)), *([cited] if cited else [])])
        self.figure.supxlabel(lines, x=0.012, ha="left", fontsize=font, color=self.theme.muted, linespacing=1.25)
        return 1 + cited.count("\n")

    def count_entries(self, key: Sequence[str], key_share: float) -> int:
        """Return how many entries of a key fit in a share of the width, and in a quarter of the height."""
        lines = _join_entries(key, int(key_share * self._letters))
        shown = lines[: int(KEY * 72 * self.size.height / (1.35 * self.size.font))]
        return sum(line.count(GAP) + 1 for line in shown)

    @property
    def _letters(self) -> float:
        return 72 * self.size.width / (LETTER * self.size.font)

    def _write_subtitle(self, lines: str) -> None:
        """Write lines below the headline; the layout moves down by their height."""
        from matplotlib.text import Annotation

        font = 1.1 * self.size.font
        height = 1.35 * font * (1 + lines.count("\n")) / (72 * self.size.height)
        engine: Any = self.figure.get_layout_engine()
        engine.set(rect=(0, 0, 1, 1 - height))
        headline: Any = self.figure._suptitle  # type: ignore[attr-defined]  # noqa: SLF001 - it has no other name
        self.figure.add_artist(
            Annotation(
                lines, (0, 0), (0, -0.25 * font), xycoords=headline, textcoords="offset points", ha="left", va="top",
                fontsize=font, color=self.theme.muted, annotation_clip=False,
            )
        )  # fmt: skip

    def choose_hue(self, hue: str, *names: str) -> str:
        """Return the colour of a network with these names: grey if other networks are highlighted."""
        wanted = self.words.highlight
        return hue if not wanted or set(names) & set(wanted) else self.theme.rest

    def find_hue(self, place: int) -> str:
        """Return the colour of the n-th series: grey beyond the number of distinguishable hues."""
        return self.theme.hues[place] if place < len(self.theme.hues) else self.theme.rest

    @property
    def plate(self) -> dict[str, Any]:
        """The background box of letters that lie on a grid."""
        return {"facecolor": self.theme.background, "edgecolor": "none", "pad": 1}

    def add_axes(self, *place: Any, **options: Any) -> Axes:
        """Add axes with a quiet frame and a grid behind the data."""
        axes: Axes = self.figure.add_subplot(*place, **options)
        axes.set_axisbelow(True)
        axes.grid(visible=True, which="major", color=self.theme.rule, linewidth=0.8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        return axes

    def start_anew(self) -> None:
        """Clear the figure to draw it differently."""
        self.figure.clear()
        self.figure.set_layout_engine("constrained")


def _join_entries(entries: Sequence[str], width: int) -> list[str]:
    """Return lines of entries that lie beside each other; none is broken."""
    lines: list[str] = []
    for entry in entries:
        if lines and len(lines[-1] + GAP + entry) <= width:
            lines[-1] += GAP + entry
        else:
            lines.append(entry)
    return lines


def wrap_evenly(text: str, width: int) -> str:
    """Break a text into as few lines as it needs, all about equally long, so that the last line is not one word.

    No line ends at a hyphen, before or after "=", nor before "%".
    """
    tied = re.sub(r" (?=[=%])|(?<= [=%]) ", TIED, text)
    wrap = partial(textwrap.wrap, tied, break_on_hyphens=False)
    lines = wrap(width)
    while len(shorter := wrap(width - 1)) == len(lines):
        lines, width = shorter, width - 1
    return "\n".join(lines).replace(TIED, " ")
