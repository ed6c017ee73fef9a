"""Read a user's CSV row by row: each error names file, line and column."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import LONGEST, ReportError, TableError, closest, cut, quote
from archcost.records.reading import check_size, file_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of a table: `file` and `line` say where it stands."""

    file: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str, default: str = "") -> str:
        """Return the text of a column, `default` if it is empty or missing."""
        return self.cells.get(column) or default

    def choice(self, column: str, allowed: Sequence[str]) -> str:
        """Return one of the allowed words, the first if the column is empty.

        Raises:
            TableError: the column holds another word.
        """
        found = self.text(column, allowed[0])
        if found not in allowed:
            raise self.error(column, f"{quote(found)} is not one of {', '.join(allowed)}")
        return found

    def number(self, column: str, low: float, high: float) -> float | None:
        """Return a number, None if the column is empty.

        Raises:
            TableError: the text is not a finite number within the limits.
        """
        found = self.text(column)
        if not found:
            return None
        try:
            value = float(found)
        except ValueError:
            raise self.error(column, f"{quote(found)} is not a number") from None
        if not math.isfinite(value) or not low <= value <= high:
            limits = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            raise self.error(column, f"{cut(found, LONGEST)} is not a number {limits}")
        return value

    def error(self, column: str, what: str) -> TableError:
        """Return an error about a column of this line."""
        return TableError(f"{self.file}, line {self.line}, column {column!r}: {what}")


def read_table(path: str | Path, columns: Collection[str], *, others: bool = False) -> Iterator[TableRow]:
    """Read a CSV file whose first line names its columns.

    Args:
        path: the file.
        columns: those that may be there.
        others: pass over other columns, too.

    Raises:
        TableError: the file is missing or is not text, or a line has another number of columns than the first names.
    """
    try:
        text = file_text(Path(path)).removeprefix("\ufeff")
        check_size(text)
    except (OSError, ReportError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TableError(f"{path} cannot be read: {reason}") from error
    return yield_rows(text, str(path), columns, others=others)


def yield_rows(text: str, file: str, columns: Collection[str], *, others: bool = False) -> Iterator[TableRow]:
    """Read the text of a CSV file; `file` is what messages call it."""
    reader = csv.reader(io.StringIO(text))
    lines = _yield_lines(reader, file)
    names = [name.strip().lower() for name in next(lines, [])]
    for name in names:
        if name not in columns and not others:
            hint = closest(name, columns, f"there may be {', '.join(columns)}")
            raise TableError(f"{file}, line 1: there is no column {quote(name)}; {hint}")
    if not names:
        raise TableError(f"{file} is empty; its first line names the columns: {', '.join(columns)}")
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            raise TableError(
                f"{file}, line {reader.line_num}: it has {len(cells)} columns, the first line {len(names)}"
            )
        stripped = (cell.strip() for cell in cells)
        yield TableRow(file=file, line=reader.line_num, cells=dict(zip(names, stripped, strict=True)))


def _yield_lines(reader: Any, file: str) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:  # a cell that is longer than any, a NUL
        raise TableError(f"{file}, line {reader.line_num}: {error}") from error
