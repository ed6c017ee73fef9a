"""Memory against batch as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from archcost.records import Fit


def table(found: Fit, *, binary: bool = False) -> str:
    """Return the answer, and a row for each batch that was walked."""
    of = f"training with {found.optimizer}" if found.optimizer else "inference"
    memory = units.short(found.memory_bytes, "B", binary=binary)
    if found.batch is None:
        answer = reason(found, binary=binary)
    else:
        images = "image" if found.batch == 1 else "images"
        answer = f"{found.network}, {of}: the largest batch in {memory} is {units.exact(found.batch)} {images}"
    rows = [("Batch", "Peak bytes", "Peak", "% of memory", "")]
    rows += [
        (
            units.exact(point.batch),
            units.exact(point.peak_bytes),
            units.short(point.peak_bytes, "B", binary=binary),
            units.share(point.peak_bytes, found.memory_bytes),
            _mark(point.batch, point.peak_bytes, found),
        )
        for point in found.points
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row[:4], widths, strict=True)) for row in rows]
    body = [f"{line}  {row[4]}".rstrip() for line, row in zip(lines, rows, strict=True)]
    fixed = units.short(found.fixed_bytes, "B", binary=binary)
    kinds = "parameters, buffers, gradients and optimizer state" if found.optimizer else "parameters and buffers"
    note = (
        f"Every row was walked. {fixed} are {kinds}. Exact bytes of the tensors: an allocator's rounding, kernels' "
        "workspaces and a GPU's context come on top."
    )
    return "\n".join([answer, "", *body, "", note, ""])


def csv_text(found: Fit) -> str:
    """Return memory against batch as comma-separated values, raw integers."""
    rows = [f"{point.batch},{point.peak_bytes},{int(point.peak_bytes <= found.memory_bytes)}" for point in found.points]
    return "\n".join(["batch,peak_bytes,fits", *rows, ""])


def reason(found: Fit, *, binary: bool = False) -> str:
    """Say what does not fit."""
    memory, params, fixed, least = (
        units.short(size, "B", binary=binary)
        for size in (found.memory_bytes, found.param_bytes, found.fixed_bytes, found.points[0].peak_bytes)
    )
    if found.param_bytes > found.memory_bytes:
        return f"{found.network}: its parameters alone, {params}, do not fit into {memory}"
    if found.fixed_bytes > found.memory_bytes:
        return (
            f"{found.network}: parameters, buffers, gradients and optimizer state alone, {fixed}, "
            f"do not fit into {memory}"
        )
    return f"{found.network}: a batch of {found.points[0].batch} needs {least}, more than {memory}"


def _mark(batch: int, peak_bytes: int, found: Fit) -> str:
    if batch == found.batch:
        return "the largest that fits"
    return "" if peak_bytes <= found.memory_bytes else "too much"
