"""What a network's name says, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A network's name, taken apart.

    `kind` is its source's name. `source` is what comes before the colon (a file, a package, "timm"; "" for the zoo),
    `target` what comes after. `size` is the height and width after an @, `seq` the tokens after an @seq. `local` is
    whether it is the user's own code, and `file` the path in the name where it names a file. `module` is the path of
    the module that is meant, "" for all.
    """

    text: str
    kind: str
    source: str
    target: str
    arguments: Mapping[str, object]
    size: tuple[int, int] | None = None
    seq: int | None = None
    local: bool = False
    file: str = ""
    module: str = ""
