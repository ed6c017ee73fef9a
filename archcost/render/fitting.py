"""Memory against batch: the answer, and a row for each batch that was walked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Table
from archcost.page.rows import Rows

if TYPE_CHECKING:
    from archcost.records import BatchMemory, Fit


def build_document(fit: Fit, *, binary: bool = False) -> Document:
    """Return what there is to show of a fit."""
    points = [(point.batch, point.peak_bytes, int(point.peak_bytes <= fit.memory_bytes)) for point in fit.points]
    return Document(
        pages=lambda: (_build_page(fit, binary=binary),),
        data=lambda: dump_json(dataclasses.asdict(fit)),
        rows=lambda: Rows(("batch", "peak_bytes", "fits"), points),
    )


def say_answer(fit: Fit, *, binary: bool = False) -> str:
    """Say what the largest batch is, or what does not fit."""
    memory, params, fixed, least = (
        units.short(size, "B", binary=binary)
        for size in (fit.memory_bytes, fit.param_bytes, fit.fixed_bytes, fit.points[0].peak_bytes)
    )
    if fit.batch is not None:
        images = "image" if fit.batch == 1 else "images"
        return f"{fit.network}: the largest batch in {memory} is {units.exact(fit.batch)} {images}"
    if fit.param_bytes > fit.memory_bytes:
        return f"{fit.network}: its parameters alone, {params}, do not fit into {memory}"
    if fit.fixed_bytes > fit.memory_bytes:
        return (
            f"{fit.network}: parameters, buffers, gradients and optimizer state alone, {fixed}, "
            f"do not fit into {memory}"
        )
    return f"{fit.network}: a batch of {fit.points[0].batch} needs {least}, more than {memory}"


def _build_page(fit: Fit, *, binary: bool) -> Page:
    kinds = "parameters, buffers, gradients and optimizer state" if fit.optimizer else "parameters and buffers"
    return Page(
        title=say_answer(fit, binary=binary),
        facts=(f"training with {fit.optimizer}" if fit.optimizer else "inference",),
        table=_build_table(fit, binary=binary),
        conventions=f"Every row was walked. {units.short(fit.fixed_bytes, 'B', binary=binary)} are {kinds}. Exact "
        "bytes of the tensors: an allocator's rounding, kernels' workspaces and a GPU's context come on top.",
    )


def _build_table(fit: Fit, *, binary: bool) -> Table:
    return Table(
        heading="Batch",
        columns=(
            Column(name="peak_bytes", heading="Peak bytes"),
            Column(name="peak", heading="Peak"),
            Column(name="percent", heading="% of memory"),
            Column(name="remark", heading="", numeric=False),
        ),
        lines=tuple(_build_line(point, fit, binary=binary) for point in fit.points),
    )


def _build_line(point: BatchMemory, fit: Fit, *, binary: bool) -> Line:
    return Line(
        name=units.number(point.batch),
        label=units.exact(point.batch),
        cells=(
            Cell(text=units.exact(point.peak_bytes), raw=point.peak_bytes),
            Cell(text=units.short(point.peak_bytes, "B", binary=binary), raw=point.peak_bytes),
            Cell(text=units.share(point.peak_bytes, fit.memory_bytes), raw=point.peak_bytes / fit.memory_bytes),
            Cell(text=_mark_point(point, fit)),
        ),
    )


def _mark_point(point: BatchMemory, fit: Fit) -> str:
    if point.batch == fit.batch:
        return "the largest that fits"
    return "" if point.peak_bytes <= fit.memory_bytes else "too much"
