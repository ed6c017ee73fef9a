"""Storage of measurements for later runs: one file for each device, driver and torch."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import ReportError
from archcost.records.reading import file_text, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def name_file(*parts: str | None) -> Path:
    """Return the path of a kept record, by its parts."""
    return _folder() / f"{spell_parts(*parts)}.json"


def list_files(pattern: str) -> Iterator[Path]:
    """Return the kept files whose names match a pattern, in order."""
    yield from sorted(_folder().glob(f"{pattern}.json"))


def spell_parts(*parts: str | None) -> str:
    """Return parts as they stand in a file's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", " ".join(filter(None, parts))).strip("-").lower()


def read_kept(kind: type[T], path: Path, schema: str) -> T | None:
    """Return a kept record; None if its file is missing or unreadable: the caller then measures again."""
    with suppress(OSError, ReportError):
        return read_document(kind, file_text(path), schema, path.stem)
    return None


def keep_record(record: Any, path: Path, schema: str) -> None:
    """Keep a record; if its file cannot be written, the next run measures again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        try:
            aside.write_text(json.dumps({"schema": schema, **asdict(record)}, indent=1, sort_keys=True) + "\n", "utf-8")
            aside.replace(path)
        finally:  # even after an interrupt
            aside.unlink(missing_ok=True)


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "archcost"
