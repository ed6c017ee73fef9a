"""Report the progress of a measurement to a listener, such as a progress bar."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LISTENER: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


@contextmanager
def listening(hear: Callable[[str], None]) -> Iterator[None]:
    """Within it, `hear` is told how far a measurement is."""
    token = _LISTENER.set(hear)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def tell(text: str) -> None:
    """Tell whoever listens how far it is."""
    hear = _LISTENER.get()
    if hear is not None:
        hear(text)
