"""The contents of a page as finished strings, which each format lays out."""

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
    """One column.

    `rank` 0 is always shown; columns of higher ranks give way first in a narrow terminal. `scale` is the prefix of a
    column whose rows add up.
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
    """One figure: its text, its raw value, its share of the total as text, and its size beside the column's largest.

    A named tuple, because a table has thousands and a frozen dataclass takes five times as long to create.
    """

    text: str = ""
    raw: Raw = None
    share: str = ""
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; a container's cells are the sums of the rows below it, if they add up.

    `name` is the whole path, `label` the part of it below the containers above, and `level` their number. `call` is
    None if the line does not stand for one call. `work` is its role (`Layer.role`), such as "convolution".
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
    """Columns, lines, and the line of sums. `heading` is the heading of the names."""

    heading: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    total: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One total: with all digits, in short form with a prefix, and a remark."""

    label: str
    digits: str
    short: str = ""
    remark: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A sentence below the table; readers must not overlook the `kind` "uncovered"."""

    kind: Literal["note", "warning", "uncovered", "uncalled"]
    text: str


class Passage(NamedTuple):
    """Prose in a listing, wrapped in narrow terminals; the first line and the other lines have indents of their own."""

    text: str
    indent: int = 0
    hang: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page of a view: a table or a listing, the totals, the conventions, the remarks.

    `picture` draws an SVG for formats that show pictures. `prose` are paragraphs, and `folded` are texts by heading,
    which are folded in formats that can fold.
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
        """Return the listing with one line per entry, without empty lines at its end."""
        lines = [entry if isinstance(entry, str) else " " * entry.indent + entry.text for entry in self.listing]
        while lines and not lines[-1]:
            lines.pop()
        return lines


def clean_page(page: Page) -> Page:
    """Return a page whose texts are single lines without terminal codes; networks choose their layers' names."""
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
    if texts.isprintable() and "::" not in texts and "##" not in texts:  # nearly always true, and quick to test
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
    """Whether a receptive field is known and finite along every axis."""
    return bool(extents) and all(isinstance(size, int) for size in extents or ())


def order(value: Raw) -> float:
    """Return the sort key of a quantity; the whole input counts as largest, unknown values as smallest."""
    if isinstance(value, tuple):
        return max((order(part) for part in value), default=-1.0)
    if isinstance(value, str):
        return float("inf")
    return -1.0 if value is None else float(value)
