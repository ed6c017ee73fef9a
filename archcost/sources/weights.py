"""Files that hold only weights (FILE.safetensors, FILE.gguf): their headers are read, and nothing can run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archcost.errors import UnknownNetworkError
from archcost.sources.source import Source

if TYPE_CHECKING:
    from archcost.sources.network import Network
    from archcost.sources.spec import Spec

SUFFIXES = (".safetensors", ".gguf")


class _Weights(Source):
    name = "weights"
    form = "FILE.safetensors, FILE.gguf"
    about = "the parameters, bytes and dtypes of a file of weights, from its header; only for `profile`"
    example = "model.safetensors"

    def accepts(self, source: str, target: str) -> bool:
        return not source and target.endswith(SUFFIXES)

    def file_in(self, source: str, target: str) -> str:
        del source
        return target

    def find(self, spec: Spec) -> Network:
        """Raise an error, because weights alone cannot run.

        Raises:
            UnknownNetworkError: always.
        """
        if not Path(spec.target).is_file():
            raise UnknownNetworkError(f"there is no file {spec.target!r} (looked in {Path.cwd()})")
        raise UnknownNetworkError(
            f"{spec.target} holds weights and no network to run; `archcost profile {spec.target}` shows its header"
        )


SOURCE = _Weights()
