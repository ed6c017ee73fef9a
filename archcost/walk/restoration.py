"""Steps that restore state, whatever happens in between."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Restoration:
    """A stack of restoring steps: `with restoration, restoration:` surrounds the code that changes state.

    A step is added before the change that it undoes, and must be idempotent, as it may run twice. The steps run in
    reverse order, and all run even if one fails. Ctrl-C may arrive anywhere, also in the steps and in `__exit__`, so
    the context is entered twice: the outer exit finishes the steps that an interrupt of the inner exit left undone. An
    interrupt is raised as an interrupt even if another error follows it, from an interrupted context for example.
    """

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []
        self._around = sys.exception()  # the error that the caller is handling

    def add(self, step: Callable[[], object]) -> None:
        """Add a step to run at the end."""
        self._steps.append(step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None:
            self.put_back()
            return
        interrupt = self._find_interrupt(error)
        if interrupt is not None or not isinstance(error, Exception):
            _close_frames(error)
        self.put_back()
        if interrupt is not None and interrupt is not error:
            raise interrupt

    def _find_interrupt(self, error: BaseException | None) -> KeyboardInterrupt | None:
        """Return the interrupt in an error's chain of contexts, the error included; None without one."""
        while error is not None and error is not self._around:
            if isinstance(error, KeyboardInterrupt):
                return error
            error = error.__context__
        return None

    def put_back(self) -> None:
        """Run the remaining steps; then raise the first error, if any."""
        failure: BaseException | None = None
        while self._steps:
            try:
                self._steps[-1]()
            except Exception as error:  # noqa: BLE001 - the other steps must run
                failure = failure or error
            except BaseException as error:  # noqa: BLE001 - an interrupt: the step runs again
                failure = error
                continue
            self._steps.pop()
        if failure is not None:
            raise failure


def _close_frames(error: BaseException | None) -> None:
    """Close the contexts that an interrupt left open in its frames now, not when the error is garbage."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
