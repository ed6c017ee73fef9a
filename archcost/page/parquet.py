"""Rows as Parquet, in the columns and types that a document declares, whichever values there are."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from archcost.errors import MissingPackageError

if TYPE_CHECKING:
    from archcost.page.document import Document
    from archcost.page.target import Target


def write_text(document: Document, target: Target) -> bytes:
    """Return a document's rows as the bytes of a Parquet file: every declared column, null where nothing is known.

    Raises:
        MissingPackageError: pyarrow is not installed.
    """
    del target
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ModuleNotFoundError as error:
        raise MissingPackageError("Parquet needs pyarrow; run `pip install archcost[parquet]`") from error
    types = {"text": arrow.string(), "whole": arrow.int64(), "real": arrow.float64(), "truth": arrow.bool_()}
    if document.schema is None:
        raise AssertionError("only a document with a schema has this form")
    rows = document.rows()
    columns: dict[str, Any] = dict(zip(rows.names, zip(*rows.values, strict=True), strict=False))
    nothing = [None] * len(rows.values)
    fields = [arrow.field(name, types[kind]) for name, kind in document.schema.items()]
    arrays = [arrow.array(columns.get(field.name, nothing), type=field.type) for field in fields]
    file = io.BytesIO()
    parquet.write_table(arrow.Table.from_arrays(arrays, schema=arrow.schema(fields)), file)
    return file.getvalue()
