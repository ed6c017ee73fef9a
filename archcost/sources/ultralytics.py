"""Networks of ultralytics by name or by a YAML file: the inner network, without weights."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import UnknownNetworkError, closest, quote
from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import import_library
from archcost.sources.network import Network
from archcost.sources.source import Source
from archcost.sources.user_code import build_module, run_user_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from archcost.sources.spec import Spec

SIDE, CLASSIFIED_SIDE = 640, 224
BOXES = [[0.5, 0.5, 0.25, 0.25], [0.25, 0.25, 0.125, 0.125]]  # centre, width and height as parts of the image
FAMILIES = {  # the class for a network with this head, if it is not YOLO
    "RTDETRDecoder": "RTDETR", "WorldDetect": "YOLOWorld", "YOLOEDetect": "YOLOE", "YOLOESegment": "YOLOE",
    "YOLOESegment26": "YOLOE",
}  # fmt: skip
MASKED, COARSE = 4, 8  # the side of a pixel of a mask of an object, of a class
SCALE = re.compile(r"(\d+)[nslmx](?=-|$)")  # yolo11n is yolo11 at its scale n
MOST_REPEATS = 1000
SUFFIXES = (".yaml", ".yml")


class _Ultralytics(Source):
    name = "ultralytics"
    form = "ultralytics:NAME"
    prefix = "ultralytics:"
    about = "a network of ultralytics by name, or by a file of the same kind (yolo11n.yaml)"
    example = "ultralytics:yolo11n"
    install = "ultralytics"
    aliases = ("yolo",)

    def accepts(self, source: str, target: str) -> bool:
        return source == self.name or (not source and target.endswith(SUFFIXES))

    def file_in(self, source: str, target: str) -> str:
        del source
        return target if target.endswith(SUFFIXES) and Path(target).is_file() else ""

    def find(self, spec: Spec) -> Network:
        """Return the inner network, for images of the size in its publication."""
        tasks = _import("ultralytics.nn.tasks")
        stem = spec.target
        if not Path(spec.target).is_file():
            stem = Path(spec.target).stem if spec.target.endswith(SUFFIXES) else spec.target
            if "/" in spec.target:
                raise UnknownNetworkError(f"there is no file {spec.target!r} (looked in {Path.cwd()})")
            if SCALE.sub(r"\1", stem) not in _list_stems() and stem not in _list_stems():
                hint = closest(stem, _list_stems(), f"it has {len(_list_stems())} networks")
                raise UnknownNetworkError(f"ultralytics has no network {stem!r}; {hint}")
            stem = f"{stem}.yaml"
        fields = run_user_code(lambda: _read(tasks, stem), f"reading {spec.target}")
        task = tasks.guess_model_task(fields) or "detect"
        channels = spec.arguments.get("ch", fields.get("channels", 3))
        side = CLASSIFIED_SIDE if task == "classify" else SIDE
        image = InputSpec(shape=(int(channels), *(spec.size or (side, side))))  # type: ignore[call-overload]
        return Network(
            spec=spec.text,
            name=spec.target,
            build=lambda: _build(fields, task, spec),
            inputs=(image,),
            training_inputs=tuple(_describe_training(task, image, fields)),
        )

    def names(self) -> Sequence[str]:
        """Return the names of the library's files; names with scales (yolo11n) appear without them (yolo11)."""
        return [f"ultralytics:{stem}" for stem in _list_stems()]


def _import(name: str) -> Any:
    found = import_library(name, SOURCE.install)
    logging.getLogger("ultralytics").setLevel(logging.ERROR)  # it logs to stdout
    return found


def _describe_training(task: str, image: InputSpec, fields: dict[str, Any]) -> Iterator[InputSpec]:
    """Yield the entries of a training batch: the images, and two objects in the first; nothing for other tasks."""
    if task not in {"detect", "segment", "pose", "obb", "classify"}:
        return
    yield replace(image, name="x.img")
    if task == "classify":
        yield InputSpec(shape=(), dtype="int64", name="x.cls")
        return
    boxes = [box + [0.1] * (task == "obb") for box in BOXES]  # turned by an angle
    yield InputSpec(value="[0,0]", dtype="float32", name="x.batch_idx")
    yield InputSpec(value="[[0],[0]]", dtype="float32", name="x.cls")
    yield InputSpec(value=str(boxes).replace(" ", ""), dtype="float32", name="x.bboxes")
    if task == "segment":
        yield InputSpec(shape=tuple(side // MASKED for side in image.shape[1:]), dtype="uint8", name="x.masks")
        if _read_head(fields) == "Segment26":
            yield InputSpec(shape=tuple(side // COARSE for side in image.shape[1:]), dtype="int64", name="x.sem_masks")
    if task == "pose":
        yield InputSpec(shape=(len(boxes), *fields["kpt_shape"]), exact=True, name="x.keypoints")


def _read_head(fields: dict[str, Any]) -> str:
    """Return the name of the last module, or "" if the file lists no modules."""
    rows = fields.get("head") or fields["backbone"]
    return str(rows[-1][2]) if rows else ""


def _list_stems() -> list[str]:
    folder = Path(_import("ultralytics").__file__).parent / "cfg" / "models"
    return sorted(file.stem for file in folder.rglob("*.yaml"))


def _read(tasks: Any, file: str) -> dict[str, Any]:
    fields = tasks.yaml_model_load(file)
    if not isinstance(fields, dict) or "backbone" not in fields:
        raise UnknownNetworkError(f"{file} describes no network of ultralytics: it has no backbone")
    for part in ("backbone", "head"):
        rows = fields.get(part) or []
        wrong = next((row for row in rows if not _is_row(row)), None) if isinstance(rows, list) else rows
        if wrong is not None:
            raise UnknownNetworkError(
                f"{file}: {quote(wrong)} in {part} is not a row [from, repeats, module, arguments] with at most "
                f"{MOST_REPEATS:,} repeats"
            )
    return fields


def _is_row(row: object) -> bool:
    return isinstance(row, list) and len(row) == 4 and isinstance(row[1], int) and row[1] <= MOST_REPEATS  # noqa: PLR2004


def _build(fields: dict[str, Any], task: str, spec: Spec) -> nn.Module:
    from copy import deepcopy

    family = getattr(_import("ultralytics"), FAMILIES.get(_read_head(fields), "YOLO"))
    kind = family.task_map.fget(object.__new__(family))[task]["model"]
    network: Any = build_module(lambda: kind(deepcopy(fields), verbose=False, **spec.arguments), spec.text)
    # its trainer sets what the loss reads
    network.args, network.nc = _import("ultralytics.cfg").get_cfg(), network.yaml["nc"]
    return network  # type: ignore[no-any-return]


SOURCE = _Ultralytics()
