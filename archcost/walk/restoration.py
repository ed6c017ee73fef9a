"""Steps that put things back, whatever happens in between."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Restoration:
    """What has to be put back, one step for each thing: `with restoration, restoration:` around what may change it.

    A step is added before the change that it undoes, and may run twice: it looks at what is there. The last one added
    runs first, and one that fails skips no other. Ctrl-C may land anywhere, in the steps and in `__exit__` too, so the
    context is entered twice: the outer exit finishes what an interrupt of the inner one left undone. An interrupt stays
    one, whatever else fails on its way here: a context that it tore apart, say.
    """

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []
        self._around = sys.exception()  # what the caller deals with already

    def add(self, step: Callable[[], object]) -> None:
        """Have a step run at the end."""
        self._steps.append(step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        interrupt = self._find_interrupt(error)
        if interrupt is not None or not isinstance(error, Exception):
            _close_frames(error)
        self.put_back()
        if interrupt is not None and interrupt is not error:
            raise interrupt

    def _find_interrupt(self, error: BaseException | None) -> KeyboardInterrupt | None:
        """Return an error that is an interrupt, or the interrupt that was on its way when the error came up."""
        while error is not None and error is not self._around:
            if isinstance(error, KeyboardInterrupt):
                return error
            error = error.__context__
        return None

    def put_back(self) -> None:
        """Run the steps that have not run yet; raise what the first that failed raised."""
        failure: BaseException | None = None
        while self._steps:
            try:
                self._steps[-1]()
            except Exception as error:  # noqa: BLE001 - the others have to run
                failure = failure or error
            except BaseException as error:  # noqa: BLE001 - an interrupt: the step runs again
                failure = error
                continue
            self._steps.pop()
        if failure is not None:
            raise failure


def _close_frames(error: BaseException | None) -> None:
    """Let the contexts that an interrupt left open in its frames close now, and not when somebody drops the error."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
