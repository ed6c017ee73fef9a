"""Which picture a file holds, by its suffix."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost.cli.options import check_writable
from archcost.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


def choose_format(output: str, more: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the format of a file's suffix, before any work is done for it; `more` are suffixes of this command alone.

    Raises:
        OutputError: another suffix, or a file that cannot be written.
    """
    suffix = Path(output).suffix.lower()
    known = {**FORMATS, **more}
    if suffix not in known:
        raise OutputError(f"-o {output}: the suffix must be one of {', '.join(known)}")
    check_writable(Path(output))
    return known[suffix]
