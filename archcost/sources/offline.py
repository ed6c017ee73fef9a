"""Block the internet while a library builds a network, because its constructor may fetch weights unasked."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archcost.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator


class FetchingError(OSError):
    """The code tried to open a connection."""


@contextmanager
def staying_offline(what: str) -> Iterator[None]:
    """Refuse connections to other machines within this context; local connections still work.

    Raises:
        BuildError: the code tried to fetch weights and failed without them.
    """
    connect, lookup = socket.socket.connect, socket.getaddrinfo
    tried: list[str] = []

    def refuse(host: object) -> None:
        tried.append(str(host))
        raise FetchingError(f"{what} wants to fetch something from {host}; archcost fetches no weights")

    def refuse_lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in {"localhost", "127.0.0.1", "::1", None}:
            refuse(host)
        return lookup(host, *args, **kwargs)

    def refuse_connection(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in {"localhost", "127.0.0.1", "::1"}:
            refuse(address[0])
        connect(self, address)

    socket.socket.connect, socket.getaddrinfo = refuse_connection, refuse_lookup  # type: ignore[method-assign, assignment]
    try:
        yield
    except Exception as error:
        if tried:
            raise BuildError(f"{what} wants to fetch something from {tried[0]}; archcost fetches no weights") from error
        raise
    finally:
        socket.socket.connect, socket.getaddrinfo = connect, lookup  # type: ignore[method-assign]
