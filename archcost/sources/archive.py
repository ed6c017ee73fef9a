"""Programs in a file: exported programs of torch.export (FILE.pt2) and TorchScript archives (FILE.pt)."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.errors import BuildError, UnknownNetworkError, first_line
from archcost.sources.choose import choose_inputs
from archcost.sources.examples import describe_example
from archcost.sources.inputs import InputSpec
from archcost.sources.network import Network
from archcost.sources.network_inputs import DEFAULT_INPUT
from archcost.sources.source import Source

if TYPE_CHECKING:
    from archcost.sources.spec import Spec

MOST_TIMES, MOST_BYTES = 20, 100 << 20  # an archive may unpack to more than one of these
EXPORTED, SCRIPTED = (".pt2",), (".pt", ".pth", ".ts", ".torchscript")


class _Archive(Source):
    name = "archive"
    form = "FILE.pt2, FILE.pt"
    local = True
    about = "an exported program (torch.export.save), a TorchScript archive (torch.jit.save)"
    example = "model.pt2"

    def accepts(self, source: str, target: str) -> bool:
        return not source and target.endswith(EXPORTED + SCRIPTED)

    def file_in(self, source: str, target: str) -> str:
        del source
        return target

    def find(self, spec: Spec) -> Network:
        """Load a file and return its program."""
        path = Path(spec.target)
        if not path.is_file():
            raise UnknownNetworkError(f"there is no file {spec.target!r} (looked in {Path.cwd()})")
        _refuse_bomb(path)
        return _find_exported(spec) if spec.target.endswith(EXPORTED) else _find_scripted(spec)


def _refuse_bomb(path: Path) -> None:
    """Refuse an archive that unpacks to far more than its size; torch stores its own without compression."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked, packed = sum(entry.file_size for entry in archive.infolist()), path.stat().st_size
    if unpacked > max(MOST_TIMES * packed, MOST_BYTES):
        raise UnknownNetworkError(
            f"{path} unpacks from {units.short(packed, 'B')} to {units.short(unpacked, 'B')}; torch does not "
            "compress its archives, so archcost does not open this one"
        )


def _find_exported(spec: Spec) -> Network:
    try:
        program = _load_quietly(spec.target)
        module = program.module()
    except Exception as error:
        raise BuildError(
            f"{spec.target} is not an exported program that this torch reads: {first_line(error)}"
        ) from error
    args, kwargs = program.example_inputs or ((), {})
    given = {**{str(place): value for place, value in enumerate(args)}, **kwargs}
    return Network(
        spec=spec.text,
        name=Path(spec.target).stem,
        build=lambda: module,
        inputs=describe_example(given, module, exact=not _is_any_batch(program)) if given else (DEFAULT_INPUT,),
        given=module,
        why="the inputs that it was exported with",
    )


def _load_quietly(file: str) -> Any:
    """Load an exported program, without torch's log; a failure raises an error and needs no second traceback."""
    import torch

    log = logging.getLogger(torch.export.__name__)
    was, log.disabled = log.disabled, True
    try:
        return torch.export.load(file)
    finally:
        log.disabled = was


def _is_any_batch(program: Any) -> bool:
    """Whether the first axis of an input was exported as dynamic."""
    inputs = set(program.graph_signature.user_inputs)
    shapes = [
        node.meta["val"].shape
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in inputs and hasattr(node.meta.get("val"), "shape")
    ]
    return any(shape and not isinstance(shape[0], int) for shape in shapes)


def _find_scripted(spec: Spec) -> Network:
    import torch

    if not _is_script(spec.target):
        raise UnknownNetworkError(
            f"{spec.target} is not a TorchScript archive; weights alone (a state_dict) do not describe a network: "
            "name the code that builds it, as FILE.py:CALLABLE"
        )
    try:
        module = torch.jit.load(spec.target, map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:
        raise BuildError(
            f"{spec.target} is not a TorchScript archive that this torch reads: {first_line(error)}"
        ) from error
    return Network(
        spec=spec.text,
        name=Path(spec.target).stem,
        build=lambda: module,
        inputs=(InputSpec(shape=(3, *spec.size)) if spec.size else DEFAULT_INPUT,),
        given=module,
        choose=lambda built: choose_inputs(built, size=spec.size, seq=spec.seq),
        notes=("loading a TorchScript archive runs its code: load only archives that you trust",),
    )


def _is_script(file: str) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any("/code/" in name for name in archive.namelist())


SOURCE = _Archive()
