"""Rows as Parquet, with the columns and types that a document declares, whatever its values."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from archcost.errors import MissingPackageError

if TYPE_CHECKING:
    from archcost.page.document import Document
    from archcost.page.target import Target


def write_text(document: Document, target: Target) -> bytes:
    """Return a document's rows as the bytes of a Parquet file: every declared column, with null for unknown values.

    Raises:
        MissingPackageError: pyarrow is not installed.
    """
    del target
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise MissingPackageError("Parquet needs pyarrow; run `pip install archcost[parquet]`") from error
    types = {"text": pa.string(), "whole": pa.int64(), "real": pa.float64(), "truth": pa.bool_()}
    if document.schema is None:
        raise AssertionError("only a document with a schema has this form")
    rows = document.rows()
    columns: dict[str, Any] = dict(zip(rows.names, zip(*rows.values, strict=True), strict=False))
    nothing = [None] * len(rows.values)
    fields = [pa.field(name, types[kind]) for name, kind in document.schema.items()]
    arrays = [pa.array(columns.get(field.name, nothing), type=field.type) for field in fields]
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), file)
    return file.getvalue()
