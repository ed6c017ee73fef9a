"""The parts of a network's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A parsed network name.

    `kind` is the name of its source. `source` is the part before the colon (a file, a package, "timm"; "" for the zoo),
    `target` the part after it. `size` is the height and width after an @, `seq` the number of tokens after an @seq.
    `local` is whether the network is the user's own code, and `file` is the file path in the name, or "". `module` is
    the path of the selected module, "" for the whole network.
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
