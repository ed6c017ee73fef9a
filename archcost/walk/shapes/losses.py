"""Shape rules of results in a storage larger than they need: torch's kernels shrink what they first made.

torch's own meta kernels make the final size at once; the memory in use is the first size's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.walk.shapes.results import each_axis, floating, new, plain

if TYPE_CHECKING:
    import torch


def loss(prediction: torch.Tensor, target: torch.Tensor, reduction: int = 1, *settings: Any) -> Any:
    """Return a number in the storage of the loss of every element."""
    del settings
    if not reduction or prediction.shape != target.shape or not floating(prediction, target):
        return NotImplemented
    return new(prediction.shape, prediction).resize_(())


def weighted_loss(
    prediction: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None, reduction: int = 1
) -> Any:
    """Return a number in the storage of the loss of every element."""
    del weight
    return loss(prediction, target, reduction)


def fold(
    columns: torch.Tensor,
    output_size: list[int],
    kernel_size: list[int],
    dilation: list[int],
    padding: list[int],
    stride: list[int],
) -> Any:
    """Return images that are sums of windows, in the storage of as many elements as the windows have."""
    if not plain(columns) or columns.dim() != 3:  # noqa: PLR2004 - torch handles single images
        return NotImplemented
    (rows, width), (height, breadth) = each_axis(kernel_size, 2), output_size
    batch, channels, places = columns.shape
    windows = [
        (size + 2 * pad - spread * (kernel - 1) - 1) // step + 1
        for size, pad, spread, kernel, step in zip(
            output_size, each_axis(padding, 2), each_axis(dilation, 2), (rows, width), each_axis(stride, 2), strict=True
        )
    ]
    if channels % (rows * width) or places != windows[0] * windows[1] or not columns.numel():
        return NotImplemented
    return new(columns.shape, columns).resize_((batch, channels // (rows * width), height, breadth))
