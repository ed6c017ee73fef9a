"""A plain table of texts: the inputs of a network, or the sources of networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from archcost.page.document import Document
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Records = Sequence[Mapping[str, str]]


def build_document(title: str, records: Records, names: Sequence[str], note: str = "") -> Document:
    """Return the document of a list: a line for each record, which begins with the first of `names`."""
    remarks = (Remark(kind="note", text=note),) if note else ()
    return Document(
        pages=lambda: (Page(title=title, table=_build_table(records, names), remarks=remarks),),
        data=lambda: json.dumps([dict(record) for record in records], indent=1, ensure_ascii=False) + "\n",
        rows=lambda: read_records((dict(record) for record in records), names),
    )


def _build_table(records: Records, names: Sequence[str]) -> Table:
    first, *others = names
    return Table(
        heading=first.capitalize(),
        columns=tuple(Column(name=name, heading=name.capitalize(), numeric=False) for name in others),
        lines=tuple(
            Line(name=each[first], label=each[first], cells=tuple(Cell(text=each[name]) for name in others))
            for each in records
        ),
    )
