"""Functions that torch.compile leaves as they are when it meets them in code that it compiles."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")


def never_compile(function: Function) -> Function:
    """Return a function marked so that torch.compile calls it, and what it calls, without tracing or compiling it.

    This is `torch.compiler.disable` without a wrapper, and without the import of the compiler, which takes seconds.
    Where torch is not loaded yet, only the function itself is marked.
    """
    function._torchdynamo_disable = True  # type: ignore[attr-defined]
    function._torchdynamo_disable_msg = "archcost runs networks uncompiled"  # type: ignore[attr-defined]
    if "torch" in sys.modules:
        from torch._C._dynamo import eval_frame

        skip = eval_frame._FrameAction.SKIP
        eval_frame.set_code_exec_strategy(function.__code__, eval_frame._FrameExecStrategy(skip, skip))
    return function
