"""Which picture a file holds, by its suffix."""

from __future__ import annotations

from pathlib import Path

from archcost.cli.options import check_writable
from archcost.errors import OutputError

FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


def choose_format(output: str) -> str:
    """Return the format of a file's suffix, before any work is done for it.

    Raises:
        OutputError: another suffix, or a file that cannot be written.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"-o {output}: the suffix must be one of {', '.join(FORMATS)}")
    check_writable(Path(output))
    return FORMATS[suffix]
