"""The place at which a user's network failed, for a terminal: the user's frames, with source lines around each."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.traceback import Traceback

from archcost.errors import ArchcostError, BuildError

OTHERS = ("archcost", "torch")  # packages whose frames are not the user's, like Python's own library
LINES = 2  # source lines before a frame's line, and as many after it


def show_own_code(error: ArchcostError) -> str:
    """Show on stderr what the user's code raised and where; return the rest of the message.

    Nothing is shown if no frame is the user's, or if archcost itself raised the error.
    """
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    trace = Traceback.extract(type(cause), cause, cause.__traceback__)
    del trace.stacks[1:]  # an exception that was being handled
    (stack,) = trace.stacks
    stack.frames[:] = [frame for frame in stack.frames if _is_own(Path(frame.filename))]
    if isinstance(cause, ArchcostError) or not (stack.frames or stack.syntax_error):
        return str(error)
    Console(file=sys.stderr).print(Traceback(trace, extra_lines=LINES, word_wrap=True))
    return error.message if isinstance(error, BuildError) else str(error)


def _is_own(file: Path) -> bool:
    packages = [getattr(sys.modules.get(name), "__file__", None) for name in OTHERS]
    if not file.is_file() or any(file.is_relative_to(Path(each).parent) for each in packages if each):
        return False  # <frozen importlib._bootstrap> is not a file
    library = Path(os.__file__).parent
    return not file.is_relative_to(library) or "site-packages" in file.relative_to(library).parts
