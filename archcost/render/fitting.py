"""Memory against batch size, as a document: the answer, and a row for each walked batch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Table
from archcost.page.rows import Rows
from archcost.records import OVERHEAD_UNKNOWN as UNKNOWN
from archcost.render import checkpointing

if TYPE_CHECKING:
    from archcost.records import BatchMemory, Fit, Workspace


UNCHECKED = "These predictions have not been compared with a GPU yet"


def build_document(fit: Fit, *, binary: bool = False) -> Document:
    """Return the document of a fit."""
    points = [(point.batch, point.peak_bytes, int(fit.judge(point) == "fits")) for point in fit.points]
    return Document(
        pages=lambda: _build_pages(fit, binary=binary),
        data=lambda: dump_json(_describe(fit)),
        rows=lambda: Rows(("batch", "peak_bytes", "fits"), points),
    )


def _build_pages(fit: Fit, *, binary: bool) -> tuple[Page, ...]:
    page = _build_page(fit, binary=binary)
    return (page,) if fit.checkpoint is None else (page, checkpointing.build_page(fit.checkpoint, binary=binary))


def _describe(fit: Fit) -> dict[str, Any]:
    data = dataclasses.asdict(fit)
    for point, told in zip(fit.points, data["points"], strict=True):
        need = fit.need_of(point)
        told |= {"verdict": fit.judge(point), "needed_bytes": need, "margin_bytes": fit.memory_bytes - need}
    return data


def say_answer(fit: Fit, *, binary: bool = False) -> str:
    """Name the largest batch, or say what does not fit."""
    memory, params, fixed, least = (
        units.short(size, "B", binary=binary)
        for size in (fit.memory_bytes, fit.param_bytes, fit.fixed_bytes, fit.need_of(fit.points[0]))
    )
    memory = memory if fit.device is None else f"the {memory} of {fit.device}"
    if len(fit.points) == 1 and fit.batch is not None:
        return f"{fit.network}: {_say_verdict(fit.points[0], fit, memory, binary=binary)}"
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
    again = "" if fit.checkpoint is None else ", with the modules computed again that save most"
    return f"{fit.network}: a batch of {fit.points[0].batch} needs {least}, more than {memory}{again}"


def _say_verdict(point: BatchMemory, fit: Fit, memory: str, *, binary: bool) -> str:
    """Say whether a batch fits, and with which margin."""
    images = f"a batch of {units.exact(point.batch)}"
    margin = fit.memory_bytes - fit.need_of(point)
    if margin >= 0:
        return f"{images} fits into {memory}, and leaves {units.short(margin, 'B', binary=binary)}"
    missing = units.short(-margin, "B", binary=binary)
    if fit.least_need_of(point) <= fit.memory_bytes:
        return f"{images} is tight in {memory}: with the largest CUDA context it lacks {missing}"
    missing = units.short(fit.least_need_of(point) - fit.memory_bytes, "B", binary=binary)
    return f"{images} is tight in {memory}: the allocator has to give {missing} of unused memory back"


def _build_page(fit: Fit, *, binary: bool) -> Page:
    kinds = "parameters, buffers, gradients and optimizer state" if fit.optimizer else "parameters and buffers"
    return Page(
        title=say_answer(fit, binary=binary),
        facts=(f"training with {fit.optimizer}" if fit.optimizer else "inference",),
        table=_build_table(fit, binary=binary),
        conventions=f"Every row was walked. {units.short(fit.fixed_bytes, 'B', binary=binary)} are {kinds}. "
        + _say_measure(fit, binary=binary),
    )


def _say_measure(fit: Fit, *, binary: bool) -> str:
    """Say what the figures include, and what comes on top."""
    if fit.device is None:
        return (
            "Exact bytes of the tensors: an allocator's rounding, kernels' workspaces and a GPU's context come on top."
        )
    parts = ", ".join(_say_overhead(name, *sizes, binary=binary) for name, sizes in fit.overheads.items())
    return (
        "Allocated and reserved are those of torch's CUDA allocator, by its rules. "
        f"Needed adds to the reserved bytes: {parts}. {_say_workspace(fit.workspace)}. {UNCHECKED}."
    )


def _say_workspace(found: Workspace | None) -> str:
    """Say where the workspaces of libraries were measured, or that nobody has measured cuDNN's."""
    if found is None:
        return UNKNOWN
    driver = f"driver {found.driver}, " if found.driver else ""
    return (
        f"The workspaces of cuBLAS and cuDNN were measured at a batch of {units.exact(found.batch)} "
        f"({driver}torch {found.torch}); a larger batch may take more"
    )


def _say_overhead(name: str, least: int, most: int, *, binary: bool) -> str:
    """Describe the overhead, with its least value if it is not known exactly."""
    text = f"{name} {units.short(most, 'B', binary=binary)}"
    return text if least == most else f"{text} ({units.short(least, 'B', binary=binary)} at least)"


def _build_table(fit: Fit, *, binary: bool) -> Table:
    more = ("allocated", "reserved", "needed") if fit.device is not None else ()
    return Table(
        heading="Batch",
        columns=(
            Column(name="peak_bytes", heading="Peak bytes"),
            Column(name="peak", heading="Peak"),
            *(Column(name=name, heading=name.capitalize()) for name in more),
            Column(name="percent", heading="% of memory"),
            Column(name="remark", heading="", numeric=False),
        ),
        lines=tuple(_build_line(point, fit, binary=binary) for point in fit.points),
    )


def _build_line(point: BatchMemory, fit: Fit, *, binary: bool) -> Line:
    need = fit.need_of(point)
    held = point.allocation
    more = () if held is None else (held.allocated_bytes, held.reserved_bytes, need)
    return Line(
        name=units.number(point.batch),
        label=units.exact(point.batch),
        cells=(
            Cell(text=units.exact(point.peak_bytes), raw=point.peak_bytes),
            *(Cell(text=units.short(size, "B", binary=binary), raw=size) for size in (point.peak_bytes, *more)),
            Cell(text=units.share(need, fit.memory_bytes), raw=need / fit.memory_bytes),
            Cell(text=_mark_point(point, fit)),
        ),
    )


def _mark_point(point: BatchMemory, fit: Fit) -> str:
    verdict = fit.judge(point)
    if point.batch == fit.batch and verdict == "fits" and len(fit.points) > 1:
        return "the largest that fits"
    if fit.device is not None:
        return verdict
    return "" if verdict == "fits" else "too much"
