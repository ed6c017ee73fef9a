"""What is shown, apart from how: a page of finished strings, which every form lays out its own way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from archcost.page.names import make_printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.records import Extents
    from archcost.units import Scale

Raw = int | float | str | tuple[float | str | None, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `rank` 0 is always shown; the higher it is, the earlier the column gives way where room is short.

    `scale` is the prefix of a column whose rows add up.
    """

    name: str
    heading: str
    unit: str = ""
    rank: int = 0
    numeric: bool = True
    shared: bool = False
    scale: Scale | None = None

    @property
    def title(self) -> str:
        """Heading and unit: "Memory kB"."""
        return f"{self.heading} {self.unit}".rstrip()


class Cell(NamedTuple):
    """One figure: as text, raw, its share of the total as text, and its size beside the column's largest (0 to 1).

    A table has thousands, and a frozen dataclass takes five times as long to make.
    """

    text: str = ""
    raw: Raw = None
    share: str = ""
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; a container's cells are the sums of the rows below it, where they add up.

    `name` is the whole path and `label` what remains of it below the containers above, `level` of them. `call` is
    None where the line does not stand for one call. `work` is what it does, as `Layer.role` has it: "convolution".
    """

    name: str
    label: str
    level: int = 0
    kind: str = ""
    call: int | None = None
    role: Literal["row", "container", "total"] = "row"
    mark: Literal["", "uncovered", "uncalled"] = ""
    work: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns, lines, and the line of sums. `heading` stands over the names."""

    heading: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    total: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One total: every digit, short with its prefix, and a remark."""

    label: str
    digits: str
    short: str = ""
    remark: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A sentence under the table; `kind` "uncovered" must not be overlooked."""

    kind: Literal["note", "warning", "uncovered", "uncalled"]
    text: str


class Passage(NamedTuple):
    """Prose in a listing, broken between words where lines are short; its first line is indented, the others hang."""

    text: str
    indent: int = 0
    hang: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All of one view: a table or a listing, the totals, the conventions, the remarks.

    `picture` draws an SVG for the forms that show pictures. `prose` are paragraphs, and `folded` texts by a heading,
    which a reader unfolds where a form can fold.
    """

    title: str
    facts: tuple[str, ...] = ()
    table: Table | None = None
    listing: tuple[str | Passage, ...] = ()
    figures: tuple[Figure, ...] = ()
    conventions: str = ""
    remarks: tuple[Remark, ...] = ()
    picture: Callable[[], str] | None = None
    prose: tuple[str, ...] = ()
    folded: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """Return the listing, each entry on one line, without empty lines at its end."""
        lines = [entry if isinstance(entry, str) else " " * entry.indent + entry.text for entry in self.listing]
        while lines and not lines[-1]:
            lines.pop()
        return lines


def clean_page(page: Page) -> Page:
    """Return a page whose every text is one line without codes for a terminal: networks choose their layers' names."""
    table = page.table
    return replace(
        page,
        title=make_printable(page.title),
        facts=tuple(map(make_printable, page.facts)),
        table=None if table is None else replace(table, lines=tuple(map(_clean_line, table.lines))),
        listing=tuple(
            make_printable(entry) if isinstance(entry, str) else entry._replace(text=make_printable(entry.text))
            for entry in page.listing
        ),
        prose=tuple(map(make_printable, page.prose)),
        folded={heading: make_printable(text) for heading, text in page.folded.items()},
        figures=tuple(replace(figure, remark=make_printable(figure.remark)) for figure in page.figures),
        remarks=tuple(replace(remark, text=make_printable(remark.text)) for remark in page.remarks),
    )


def _clean_line(line: Line) -> Line:
    texts = "".join([line.name, line.label, line.kind, *[cell.text for cell in line.cells]])
    if texts.isprintable() and "::" not in texts and "##" not in texts:  # nearly always, and quicker to find out
        return line
    cells = tuple(
        cell if cell.text.isprintable() else cell._replace(text=make_printable(cell.text)) for cell in line.cells
    )
    return replace(
        line,
        name=make_printable(line.name),
        label=make_printable(line.label),
        kind=make_printable(line.kind),
        cells=cells,
    )


def is_finite(extents: Extents | None) -> bool:
    """Whether a receptive field is known and finite on every axis."""
    return bool(extents) and all(isinstance(size, int) for size in extents or ())


def order(value: Raw) -> float:
    """Return what a quantity is sorted by; the whole input is larger than any part of it, the unknown smallest."""
    if isinstance(value, tuple):
        return max((order(part) for part in value), default=-1.0)
    if isinstance(value, str):
        return float("inf")
    return -1.0 if value is None else float(value)
