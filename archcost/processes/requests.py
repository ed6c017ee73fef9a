"""What is still to be asked of a cluster: requests that have not been taken yet, and those to be asked once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Asked(NamedTuple):
    """A request: its place among all, how many times it has been asked, and the node, "" for any."""

    place: int
    request: Mapping[str, Any]
    tries: int = 1
    node: str = ""


class Requests:
    """Takes requests when there is somebody to run them: there may be more than memory holds."""

    def __init__(self, requests: Iterable[Mapping[str, Any]]) -> None:
        self._rest = enumerate(requests)
        self._again: list[Asked] = []

    def take(self) -> Asked | None:
        """Return the next one; None where there are no more."""
        if self._again:
            return self._again.pop()
        following = next(self._rest, None)
        return None if following is None else Asked(*following)

    def put_back(self, asked: Asked) -> None:
        """Have one asked before all others."""
        self._again.append(asked)

    @property
    def are_done(self) -> bool:
        """Whether there are no more."""
        following = self.take()
        if following is not None:
            self.put_back(following)
        return following is None
