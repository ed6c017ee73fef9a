"""The contents of a file of weights, by prefixes of the tensors' names, as a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcost.records.stored import Stored

NOTE = "This is what the header of the file says. It holds weights and no network, so there are no multiply-adds."
NAMES = ("prefix", "tensors", "params", "bytes", "dtypes")


def build_document(file: str, tensors: Sequence[Stored], *, depth: int | None = None, binary: bool = False) -> Document:
    """Return the document of a file of weights.

    Args:
        file: its name.
        tensors: the tensors in the file.
        depth: the number of name parts in a prefix; by default a prefix ends after its first number ("layers.0"), or
            before the last part.
        binary: bytes as KiB, MiB, GiB.
    """
    groups: dict[str, list[Stored]] = {}
    for each in tensors:
        groups.setdefault(_find_prefix(each.name, depth), []).append(each)
    records = [_sum_up(name, members) for name, members in groups.items()]
    total = _sum_up("Total", tensors)
    remarks = (Remark(kind="note", text=NOTE),)
    return Document(
        pages=lambda: (Page(title=file, table=_build_table(records, total, binary=binary), remarks=remarks),),
        data=lambda: json.dumps({"file": file, "total": total, "prefixes": records, "note": NOTE}, indent=1) + "\n",
        rows=lambda: read_records(records, NAMES),
    )


def _find_prefix(name: str, depth: int | None) -> str:
    parts = name.split(".")
    if depth is not None:
        return ".".join(parts[:depth])
    numbered = next((place + 1 for place, part in enumerate(parts) if part.isdecimal()), None)
    return ".".join(parts[: numbered or max(len(parts) - 1, 1)])


def _sum_up(name: str, tensors: Iterable[Stored]) -> dict[str, Any]:
    members = list(tensors)
    return {
        "prefix": name,
        "tensors": len(members),
        "params": sum(each.elements for each in members),
        "bytes": sum(each.nbytes for each in members),
        "dtypes": " ".join(sorted({each.dtype for each in members})),
    }


def _build_table(records: Sequence[dict[str, Any]], total: dict[str, Any], *, binary: bool) -> Table:
    def line(record: dict[str, Any]) -> Line:
        return Line(
            name=record["prefix"],
            label=record["prefix"],
            cells=(
                Cell(text=units.exact(record["tensors"]), raw=record["tensors"]),
                Cell(text=units.exact(record["params"]), raw=record["params"]),
                Cell(text=units.short(record["bytes"], "B", binary=binary), raw=record["bytes"]),
                Cell(text=record["dtypes"], raw=record["dtypes"]),
            ),
        )

    return Table(
        heading="Prefix",
        columns=(
            Column(name="tensors", heading="Tensors"),
            Column(name="params", heading="Params"),
            Column(name="bytes", heading="Bytes"),
            Column(name="dtypes", heading="Dtypes", numeric=False),
        ),
        lines=tuple(map(line, records)),
        total=line(total),
    )
