"""A result independent of formats; `archcost.page.emit` writes it in any format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from archcost.page.cases import Suite
    from archcost.page.page import Page
    from archcost.page.rows import Rows

Part = Literal["pages", "data", "rows", "cases", "picture", "schema"]
Kind = Literal["text", "whole", "real", "truth"]  # the type of a column: texts, integers, floats, booleans
COMMON: tuple[Part, ...] = ("pages", "data", "rows")  # the parts that every document has


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The output of a command. Each part is a function that the formats call.

    `pages` are for people, `data` (JSON, the whole result) and `rows` (raw values) for programs, and `cases` for
    programs that show tests; `picture` is an SVG. `listing` replaces `pages` in plain text, if lines read better than a
    table. `schema` names all possible columns of `rows` and their types. `own` holds, by format, texts that replace the
    format's usual one.
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
        """The names of the existing parts."""
        more: Mapping[Part, object] = {"cases": self.cases, "picture": self.picture, "schema": self.schema}
        return (*COMMON, *(part for part, there in more.items() if there is not None))
