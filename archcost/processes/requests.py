"""The queue of a cluster: requests that have not been taken yet, and requests to retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Asked(NamedTuple):
    """A request: its place among all requests, the number of its tries, and its node, "" for any."""

    place: int
    request: Mapping[str, Any]
    tries: int = 1
    node: str = ""


class Requests:
    """An iterator that is read only when a worker is free: it may hold more requests than memory does."""

    def __init__(self, requests: Iterable[Mapping[str, Any]]) -> None:
        self._rest = enumerate(requests)
        self._again: list[Asked] = []

    def take(self) -> Asked | None:
        """Return the next request; None if no request is left."""
        if self._again:
            return self._again.pop()
        following = next(self._rest, None)
        return None if following is None else Asked(*following)

    def put_back(self, asked: Asked) -> None:
        """Put a request in front of all others."""
        self._again.append(asked)

    @property
    def are_done(self) -> bool:
        """Whether no request is left."""
        following = self.take()
        if following is not None:
            self.put_back(following)
        return following is None
