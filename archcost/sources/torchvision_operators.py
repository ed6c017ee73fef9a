"""torchvision's operators in Python, for a torchvision whose compiled extension does not fit this torch.

`nms` and `roi_align` give torchvision's results on the CPU, so that its detectors run. A walk records them as single
operators, like compiled ones. The other operators are refused in one sentence.
"""

from __future__ import annotations

import sys
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from archcost.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator


ALIGN = "float spatial_scale, SymInt pooled_height, SymInt pooled_width"
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"roi_align(Tensor input, Tensor rois, {ALIGN}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward(Tensor grad, Tensor rois, {ALIGN}, SymInt batch_size, SymInt channels, SymInt height, "
    "SymInt width, int sampling_ratio, bool aligned) -> Tensor",
)
WRITTEN = ("torchvision.ops.boxes", "torchvision.ops.roi_align")  # the modules whose operators are written here


def declare_operators() -> None:
    """Declare the operators that torchvision's own registrations need; call before its import."""
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    for name, function in (("nms", nms), ("roi_align", roi_align), ("_roi_align_backward", roi_align_backward)):
        library.impl(name, function, "CPU")  # type: ignore[no-untyped-call]
    _LIBRARIES.append(library)


def let_torchvision_call_them() -> None:
    """Register the shapes and the gradient of `roi_align`, and lift torchvision's check; call after its import."""
    shapes = sys.modules["torchvision._meta_registrations"]
    for name in ("roi_align", "_roi_align_backward"):
        torch.library.register_fake(f"torchvision::{name}", getattr(shapes, f"meta_{name.removeprefix('_')}"))
    torch.library.register_autograd("torchvision::roi_align", _differentiate, setup_context=_remember)
    for name, module in sys.modules.items():
        if name.startswith("torchvision.ops.") and hasattr(module, "_assert_has_ops"):
            vars(module)["_assert_has_ops"] = (lambda: None) if name in WRITTEN else _refuse
    vars(sys.modules[WRITTEN[1]])["_has_ops"] = lambda: True


def nms(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Return the indices of the boxes to keep, by falling score: each box suppresses those that overlap it more."""
    order = scores.sort(descending=True, stable=True)[1]
    boxes = dets[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left, kept = torch.arange(len(boxes)), []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        sides = torch.minimum(boxes[first, 2:], boxes[left, 2:]) - torch.maximum(boxes[first, :2], boxes[left, :2])
        shared = sides.clamp(min=0).prod(1)
        left = left[shared / (areas[first] + areas[left] - shared) <= iou_threshold]
    return order[torch.stack(kept)] if kept else order


def roi_align(
    input: Tensor,  # noqa: A002 - the name in torchvision's schema
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Return the averages of each region's bins (regions x channels x height x width)."""
    found = input.new_zeros(len(rois), input.shape[1], pooled_height, pooled_width)
    bins = pooled_height, pooled_width
    for place, region in enumerate(_weigh(input, rois, spatial_scale, bins, sampling_ratio, aligned)):
        found[place] = region.rows @ input[region.window] @ region.columns.T
    return found


def roi_align_backward(
    grad: Tensor,
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    batch_size: int,
    channels: int,
    height: int,
    width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Return the gradient of the input."""
    found = grad.new_zeros(batch_size, channels, height, width)
    bins = pooled_height, pooled_width
    for place, region in enumerate(_weigh(found, rois, spatial_scale, bins, sampling_ratio, aligned)):
        found[region.window] += region.rows.T @ grad[place] @ region.columns
    return found


class _Region(NamedTuple):
    """The window of the images that a region covers, and the weights of its rows and columns in the bins."""

    window: tuple[int, slice, slice, slice]
    rows: Tensor
    columns: Tensor


def _weigh(
    images: Tensor,
    rois: Tensor,
    scale: float,
    bins: tuple[int, int],
    ratio: int,
    aligned: bool,
) -> Iterator[_Region]:
    shift = 0.5 if aligned else 0.0
    for image, *corners in rois.tolist():
        left, top, right, bottom = (corner * scale - shift for corner in corners)
        high, wide = bottom - top, right - left
        if not aligned:
            high, wide = max(high, 1.0), max(wide, 1.0)
        tall, rows = _weigh_axis(top, high, bins[0], ratio, images.shape[2])
        broad, columns = _weigh_axis(left, wide, bins[1], ratio, images.shape[3])
        window = (int(image), slice(None), tall, broad)
        yield _Region(window, rows.to(images.dtype), columns.to(images.dtype))


def _weigh_axis(begin: float, length: float, bins: int, ratio: int, size: int) -> tuple[slice, Tensor]:
    """Return the places that a region covers on an axis, and their weights in each bin.

    A bin is the mean of some samples, and a sample lies between two places; one that lies more than a place outside
    counts as zero.
    """
    samples = ratio if ratio > 0 else ceil(length / bins)
    if samples <= 0:
        return slice(0, 1), torch.zeros(bins, 1)
    at = begin + (torch.arange(bins * samples, dtype=torch.float64) + 0.5) * (length / (bins * samples))
    inside = ((at >= -1) & (at <= size)).double() / samples
    at = at.clamp(0, size - 1)
    low = at.floor().long()
    part = at - low
    weights = at.new_zeros(bins * samples, size)
    weights.scatter_add_(1, low[:, None], (inside * (1 - part))[:, None])
    weights.scatter_add_(1, (low + 1).clamp(max=size - 1)[:, None], (inside * part)[:, None])
    covered = slice(int(low.min()), int(low.max()) + 2)
    return covered, weights[:, covered].reshape(bins, samples, -1).sum(1)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    del output
    images, rois, *ctx.form = inputs
    ctx.shape = images.shape
    ctx.save_for_backward(rois)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    scale, height, width, *rest = ctx.form
    backward = torch.ops.torchvision._roi_align_backward  # noqa: SLF001 - its name in torchvision
    return backward(grad, *ctx.saved_tensors, scale, height, width, *ctx.shape, *rest), *(None,) * 6


def _refuse() -> Any:
    raise BuildError(
        f"torchvision's compiled operators do not fit torch {torch.__version__}: install the torchvision that was "
        "built for it"
    )


_LIBRARIES: list[Any] = []  # a freed library takes its operators with it
