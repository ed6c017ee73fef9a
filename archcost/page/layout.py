"""The columns that fit into a terminal's width, and their widths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archcost.page.page import Column, Line, Table

INDENT = 2
NARROW_GAP, WIDE_GAP = 1, 2
BARS = (2, 4, 6, 10)
PERCENT = 6  # " 100.0"
SHARES = ({"bar": BARS[0]}, {"bar": BARS[1]}, {"percent": True})
LEAST_NAMES = 16
MOST_BROKEN = 5  # one name in this many may get a line of its own, to make room for the shares
WORTH_MORE_THAN_SHARES = 1  # columns up to this rank take precedence over wider bars and percentages
WORTH_MORE_THAN_SPACE = 3  # columns up to this rank take precedence over wider gaps
MOST_PADDED = 12  # labels up to this length are padded, so that the kinds after them line up
SIGNS = {"": "", "uncovered": " !", "uncalled": " (not called)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The choices for one width. `folded` puts the kind behind the name instead of into a column of its own."""

    columns: tuple[int, ...] = ()
    folded: bool = True
    percent: bool = False
    bar: int = 0
    gap: int = NARROW_GAP
    names: int = 0
    broken: int = 0
    kinds: int = 0
    parted: bool = False
    widths: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """Return the width of the whole table."""
        return self.names + self.kinds_width + sum(self.widths)

    @property
    def kinds_width(self) -> int:
        """Return the width of the kinds' column and of the gap before it; 0 if the column is folded."""
        return 0 if self.folded else self.gap + self.kinds


def lay_out(table: Table, width: int | None) -> Layout:
    """Return the layout that shows the most within a width; None shows everything, with each name on its own line.

    Names that do not fit get a line of their own, so that nothing is cut. Up to a fifth of the names may move, if that
    makes room for the shares.
    """
    return _Fit(table, width).find_best()


def list_names(table: Table, *, folded: bool) -> list[str]:
    """Return the first column's text of each line, indented by its level."""
    texts = []
    for _, run in groupby(table.lines, key=lambda line: (line.role, line.level)):
        lines = list(run)
        widest = max((len(label) for label in map(_mark_label, lines) if len(label) <= MOST_PADDED), default=0)
        for line in lines:
            label = _mark_label(line)
            if folded and line.kind and line.kind.lower() != find_last_name(line).lower():
                label = f"{label:<{widest}} {line.kind}"
            texts.append(" " * (INDENT * line.level) + label)
    return texts


def find_last_name(line: Line) -> str:
    """Return the last part of a line's label, without its call; the kind is not repeated if it is the same word."""
    return line.label.rpartition(".")[2].partition(" ")[0]


class _Fit:
    def __init__(self, table: Table, width: int | None) -> None:
        self.table = table
        self.width = width
        self.kinds = max((len(line.kind) for line in table.lines), default=0)
        self.texts = [self._measure_text(i) for i in range(len(table.columns))]
        self.names = {folded: self._measure_names(folded=folded) for folded in (False, True)}

    def find_best(self) -> Layout:
        """Start from the smallest layout and add elements by priority, as long as they fit."""
        always = tuple(i for i, column in enumerate(self.table.columns) if column.rank == 0)
        found = self._measure(Layout(columns=always), most_broken=len(self.table.lines))
        assert found is not None  # noqa: S101 - the least is shown in any case
        for step in self._list_steps():
            more: dict[str, Any] = dict(step) if isinstance(step, Mapping) else {"columns": (*found.columns, step)}
            spare = len(self.table.lines) // MOST_BROKEN if more in SHARES else 0
            wider = self._measure(replace(found, **more), most_broken=max(found.broken, spare))
            if wider is not None and (self.width is None or wider.width <= self.width):
                found = wider
        return found

    def _list_steps(self) -> list[int | Mapping[str, int]]:
        extra = sorted((column.rank, i) for i, column in enumerate(self.table.columns) if column.rank)
        unfold: list[int | Mapping[str, int]] = [{"folded": False}] if self.kinds else []
        return [
            SHARES[0],
            *(i for rank, i in extra if rank <= WORTH_MORE_THAN_SHARES),
            *SHARES[1:],
            *(i for rank, i in extra if WORTH_MORE_THAN_SHARES < rank <= WORTH_MORE_THAN_SPACE),
            {"gap": WIDE_GAP},
            *unfold,
            *(i for rank, i in extra if rank > WORTH_MORE_THAN_SPACE),
            *({"bar": bar} for bar in BARS[2:]),
        ]

    def _measure(self, choice: Layout, *, most_broken: int) -> Layout | None:
        """Return a choice with its widths, with the widest name column that fits; None if too many names would wrap."""
        shares = (PERCENT if choice.percent else 0) + (choice.bar + 1 if choice.bar else 0)
        columns = tuple(sorted(choice.columns))
        widths = [choice.gap + self.texts[i] + (shares if self.table.columns[i].shared else 0) for i in columns]
        choice = replace(choice, columns=columns, kinds=self.kinds, parted=self.width is not None, widths=tuple(widths))
        sizes = self.names[choice.folded]
        total = self.table.total
        least = max(len(self.table.heading), len(total.label) if total else 0)
        room = sizes[-1] if self.width is None else self.width - choice.kinds_width - sum(widths)
        names = max((size for size in sizes if size <= room), default=min(sizes[-1], LEAST_NAMES))
        broken = sum(size > names for size in sizes)
        return replace(choice, names=max(names, least), broken=broken) if broken <= most_broken else None

    def _measure_text(self, i: int) -> int:
        """Return the width of a column's widest text. In a narrow terminal, lists take one line per item."""
        column: Column = self.table.columns[i]
        lines = [*self.table.lines, *([self.table.total] if self.table.total else [])]
        texts = [line.cells[i].text for line in lines if line.role != "container"]
        if self.width is not None:
            texts = [part for text in texts for part in text.split(", ")]
        return max(map(len, (column.title, *texts)))

    def _measure_names(self, *, folded: bool) -> list[int]:
        """Return the widths of the names, sorted. A container's name may cover the empty cells beside its kind."""
        names = list_names(self.table, folded=folded)
        lines = zip(self.table.lines, names, strict=True)
        return sorted(len(name) for line, name in lines if line.role != "container" or not folded) or [0]


def _mark_label(line: Line) -> str:
    return line.label + SIGNS[line.mark]
