"""A result before it has a form; `archcost.page.emit` is the one door to all forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from archcost.page.cases import Suite
    from archcost.page.page import Page
    from archcost.page.rows import Rows

Part = Literal["pages", "data", "rows", "cases", "picture", "schema"]
Kind = Literal["text", "whole", "real", "truth"]  # what a column of rows holds: texts, integers, floats, booleans
COMMON: tuple[Part, ...] = ("pages", "data", "rows")  # the parts that every document has


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a command has to show. Each part is a function, called by the forms that are written from it.

    `pages` are for people, `data` (JSON, all of the result) and `rows` (raw values) for programs, `cases` for those
    that show tests; `picture` is an SVG. `listing` takes the place of `pages` in plain text, where lines read better
    than a table. `schema` says which columns `rows` can have, and what they hold, whatever the result. `own` has the
    texts that are not written as the table of formats has it, by the name of the format.
    """

    pages: Callable[[], Iterable[Page]]
    data: Callable[[], str]
    rows: Callable[[], Rows]
    cases: Callable[[], Iterable[Suite]] | None = None
    picture: Callable[[], str] | None = None
    listing: Callable[[], Iterable[Page]] | None = None
    schema: Mapping[str, Kind] | None = None
    own: Mapping[str, Callable[[], str]] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Which parts there are."""
        more: Mapping[Part, object] = {"cases": self.cases, "picture": self.picture, "schema": self.schema}
        return (*COMMON, *(part for part, there in more.items() if there is not None))
