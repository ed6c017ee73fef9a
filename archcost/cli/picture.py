"""Formats of pictures and pages by file suffix."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost.cli.options import check_writable
from archcost.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES = (".html", ".htm")
FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


def choose_format(output: str, more: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the format of a file's suffix, before the work begins; `more` are further suffixes of the command.

    Raises:
        OutputError: the suffix is unknown, or the file cannot be written.
    """
    suffix = Path(output).suffix.lower()
    known = {**FORMATS, **more}
    if suffix not in known:
        raise OutputError(f"-o {output}: the suffix must be one of {', '.join(known)}")
    check_writable(Path(output))
    return known[suffix]


def check_page(output: str) -> None:
    """Refuse a file that cannot hold a page, before the work begins.

    Raises:
        OutputError: the suffix is not one of HTML, or the file cannot be written.
    """
    if Path(output).suffix.lower() not in PAGES:
        raise OutputError(f"-o {output}: the suffix must be one of {', '.join(PAGES)}")
    check_writable(Path(output))
