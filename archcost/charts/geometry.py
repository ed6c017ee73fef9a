"""Vectorised geometry of boxes, points and segments. A box is x0, y0, x1, y1; a segment is two points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Array: TypeAlias = Any  # arrays of numpy, which is loaded with matplotlib


def measure_gaps(boxes: Array, points: Array) -> Array:
    """Return how far each point lies from each box, 0 inside: a row for each box."""
    import numpy as np

    across = np.maximum(boxes[:, None, 0] - points[:, 0], points[:, 0] - boxes[:, None, 2])
    up = np.maximum(boxes[:, None, 1] - points[:, 1], points[:, 1] - boxes[:, None, 3])
    return np.hypot(np.maximum(across, 0), np.maximum(up, 0))


def measure_distances(segments: Array, points: Array) -> Array:
    """Return how far each point lies from each segment: a row for each segment."""
    import numpy as np

    start, way = segments[:, None, 0], (segments[:, 1] - segments[:, 0])[:, None]
    length = np.maximum((way**2).sum(-1), 1e-9)
    part = np.clip(((points - start) * way).sum(-1) / length, 0, 1)
    return np.linalg.norm(points - start - part[..., None] * way, axis=-1)


def find_overlapping(boxes: Array, others: Array, margin: float = 0) -> Array:
    """Return which boxes lie within a margin of one of the others."""
    one, other = boxes[:, None], others
    return (
        (one[..., 0] < other[:, 2] + margin)
        & (other[:, 0] < one[..., 2] + margin)
        & (one[..., 1] < other[:, 3] + margin)
        & (other[:, 1] < one[..., 3] + margin)
    ).any(1)


def find_crossings(segments: Array, others: Array) -> Array:
    """Return which segments cross which of the others: a row for each segment."""
    a, b = segments[:, None, 0], segments[:, None, 1]
    c, d = others[:, 0], others[:, 1]
    return (_turn(a, b, c) != _turn(a, b, d)) & (_turn(c, d, a) != _turn(c, d, b))


def find_hit(boxes: Array, segments: Array) -> Array:
    """Return which segments hit which boxes: a row for each box."""
    rising = boxes.reshape(-1, 2, 2)
    falling = boxes[:, [0, 3, 2, 1]].reshape(-1, 2, 2)
    inside = (measure_gaps(boxes, segments[:, 0]) == 0) | (measure_gaps(boxes, segments[:, 1]) == 0)
    return inside | find_crossings(rising, segments) | find_crossings(falling, segments)


def _turn(a: Array, b: Array, c: Array) -> Array:
    """Return whether c lies left of the way from a to b."""
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) > (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
