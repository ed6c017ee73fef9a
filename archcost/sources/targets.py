"""describe_targets(module, inputs) -> the inputs of training for a network of transformers that finds objects.

Without targets such a network returns no loss. Each image gets two objects of class 0.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from torch import nn

CLASSES = "[0,0]"
BOXES = "[[0.5,0.5,0.25,0.25],[0.25,0.25,0.125,0.125]]"  # centre, width and height as parts of the image


def describe_targets(module: nn.Module, inputs: tuple[InputSpec, ...]) -> tuple[InputSpec, ...]:
    """Return the inputs of training; empty if they are those of inference, or if the forward takes no targets."""
    kinds = {name: str(each.annotation) for name, each in inspect.signature(module.forward).parameters.items()}
    image = next((spec for spec in inputs if spec.name == "pixel_values"), None)
    if image is None:
        return ()
    sides = image.shape[-2:]
    if "list[dict]" in kinds.get("labels", ""):
        masks = getattr(module, "loss_type", None) == "ForSegmentation"
        return (
            *inputs,
            InputSpec(value=CLASSES, dtype="int64", name="labels.each.class_labels"),
            InputSpec(value=BOXES, dtype="float32", name="labels.each.boxes"),
            *((InputSpec(shape=(2, *sides), name="labels.each.masks"),) if masks else ()),
        )
    if all("list[" in kinds.get(name, "") for name in ("mask_labels", "class_labels")):
        return (
            *inputs,
            InputSpec(shape=(2, *sides), name="mask_labels.each"),
            InputSpec(value=CLASSES, dtype="int64", name="class_labels.each"),
        )
    return ()
