"""The running line of a network's source."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from types import FrameType

ARCHCOST = Path(__file__).parent.parent
SKIPPED = (str(Path(torch.__file__).parent), str(ARCHCOST))
WALK = str(Path(__file__).with_name("walk.py"))  # frames above it belong to the caller of archcost
ZOO = str(ARCHCOST / "zoo")  # archcost's own networks
PYTHON = (str(Path(functools.__file__).parent), "<")  # the standard library; installed packages lie below its folder


def find_line() -> str:
    """Return the innermost running line of a walk outside of torch, archcost and Python: "models/net.py:41".

    It is "" if the walked network consists of torch's own modules, such as a Sequential.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != WALK:
        if _is_networks(frame.f_code.co_filename):
            return f"{_shorten(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


@functools.cache
def _is_networks(file: str) -> bool:
    if file.startswith(SKIPPED):
        return file.startswith(ZOO)
    return not file.startswith("<") and (not file.startswith(PYTHON) or "site-packages" in file)


@functools.cache
def _shorten(file: str) -> str:
    """Return a path relative to its import folder or the working folder, so that it is the same on every machine."""
    folders = [str(Path.cwd()), *filter(None, sys.path)]
    inside = [Path(file).relative_to(folder) for folder in folders if Path(file).is_relative_to(folder)]
    return min(inside, key=lambda path: len(path.parts)).as_posix() if inside else Path(file).name
