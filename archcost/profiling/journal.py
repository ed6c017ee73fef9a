"""A file that gets each row as soon as it is known, so that an interrupted sweep can continue.

Each line is JSON: the network, a key of the request, the versions, and the row. A second run reuses only rows of the
same network, options and versions. Reading the file runs no code from it: a row is plain values or one of archcost's
records.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import stat
import time
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from archcost.errors import ArchcostError, ArgumentError, OutputError, WriteError
from archcost.profiling.journal_key import build_key, find_versions
from archcost.records import Failure, Report
from archcost.records.reading import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BEGINNING = b'{"spec": '  # start of a line; a killed run may leave an unfinished one
SYNC_SECONDS = 1.0  # the most that a power failure may lose; a killed process loses nothing


class Journal:
    """The journal file; its context manager locks the file against other runs."""

    def __init__(self, file: str | Path, about: str, imports: Sequence[str] = ()) -> None:
        self._path = Path(file).resolve()
        self._asked = {"about": about, "imports": list(imports)}
        self._places: dict[str, int] = {}
        self._synced = time.monotonic()

    def find(self, spec: Any, options: Mapping[str, Any]) -> Any:
        """Return a network's row from an earlier run; None if the journal holds no readable, finished one."""
        place = self._places.get(build_key(spec, {**self._asked, **options}))
        if place is None:
            return None
        self._file.seek(place)
        try:
            row = read_row(json.loads(self._file.readline())["row"])
        except (ArchcostError, ValueError, TypeError, KeyError):  # edited by hand, or written by another archcost
            return None
        return None if isinstance(row, Failure) and not row.is_final else row

    def add(self, spec: Any, options: Mapping[str, Any], row: Any) -> None:
        """Write a row in one call.

        Raises:
            ArgumentError: JSON cannot represent the value that `keep` returned.
            WriteError: the disk is full.
        """
        key = build_key(spec, {**self._asked, **options})
        line = {"spec": spec, "key": key, "versions": find_versions(spec), "row": write_row(row)}
        text = (json.dumps(line) + "\n").encode()
        try:
            self._write(text)
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise WriteError(f"--journal {self._path}: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("a+b", buffering=0)
            self._lock()
        except OSError as error:
            raise OutputError(f"--journal {self._path}: {error.strerror or error}") from error
        try:
            self._index()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()

    def _write(self, text: bytes) -> None:
        written = os.write(self._file.fileno(), text)
        if written < len(text):  # a nearly full disk accepts only a part
            self._file.truncate(self._file.seek(0, os.SEEK_END) - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _lock(self) -> None:
        with suppress(ImportError):  # Windows has no such locks
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                raise OutputError(
                    f"--journal {self._path}: another run writes it; wait, or name another file"
                ) from None

    def _index(self) -> None:
        """Record the offset of the last row of each key; cut off a line that a killed run left unfinished."""
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):  # reading /dev/zero never ends
            raise OutputError(f"--journal {self._path}: that is a device or a pipe; name a file")
        place = 0
        with self._path.open("rb") as lines:
            for line in lines:
                entry: Any = None
                with suppress(ValueError, RecursionError):
                    entry = json.loads(line)
                match entry:
                    case {"key": str(key), "row": _} if line.endswith(b"\n"):
                        self._places[key] = place
                    case _ if not place and not _is_begun(line):
                        raise OutputError(f"--journal {self._path}: that file is not a journal; name another one")
                if not line.endswith(b"\n"):
                    self._file.truncate(place)
                place += len(line)


def _is_begun(line: bytes) -> bool:
    return not line.endswith(b"\n") and BEGINNING.startswith(line[: len(BEGINNING)])


def write_row(row: Any) -> dict[str, Any]:
    """Return a row as JSON values.

    Raises:
        ArgumentError: JSON cannot represent the row.
    """
    if isinstance(row, Report):
        return {"report": row.to_json()}
    if is_dataclass(row) and type(row).__module__.startswith("archcost."):
        return {"record": f"{type(row).__module__}:{type(row).__qualname__}", "value": asdict(row)}  # type: ignore[arg-type]
    with suppress(TypeError, ValueError, RecursionError):
        if json.loads(json.dumps(row)) == row:
            return {"value": row}
    raise ArgumentError(
        f"a journal cannot keep a {type(row).__name__}, which `keep` returned; return numbers, texts, lists, dicts"
    )


def read_row(entry: Mapping[str, Any]) -> Any:
    """Return the row that `write_row` wrote.

    Raises:
        ReportError: the entry holds no valid record.
    """
    match entry:
        case {"report": str(text)}:
            return Report.from_json(text)
        case {"record": str(name), "value": value} if name.startswith("archcost."):
            module, _, kind = name.partition(":")
            return read(getattr(importlib.import_module(module), kind), value, "a journal")
    return entry["value"]
