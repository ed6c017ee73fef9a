"""A request for a view of a report: its rows, their order, its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from archcost.errors import ArgumentError
from archcost.page.formats import find_format
from archcost.render.columns import find_layer_metric

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Name = Literal["layers", "modules", "ops", "lecture", "memory", "saved", "time"]
VIEWS: tuple[str, ...] = get_args(Name)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A request for a view; `archcost.render.report.render` explains each field.

    Raises:
        ArgumentError: the view does not take an option, or no row has a quantity.
    """

    name: str = "layers"
    depth: int | None = None
    sort: str | None = None
    columns: Sequence[str] | None = None
    binary: bool = False
    flops: bool = False

    def __post_init__(self) -> None:
        if self.name not in VIEWS:
            raise ArgumentError(f"there is no view {self.name!r}; there are {', '.join(VIEWS)}")
        for quantity in (*(self.columns or ()), *(() if self.sort is None else (self.sort,))):
            find_layer_metric(quantity)
        if self.depth is not None and self.name != "modules":
            raise ArgumentError("--depth belongs to --view modules: how many levels of modules it shows")
        if self.depth is not None and self.depth < 1:
            raise ArgumentError(f"--depth must be at least 1, not {self.depth}")
        if self.flops and self.name != "lecture":
            raise ArgumentError("--with flops belongs to --view lecture: the operations of each row as a product")
        if self.sort is None and self.columns is None:
            return
        if self.name == "saved":
            raise ArgumentError(
                "--view saved has the largest tensors first and its own columns; --sort and --columns need another view"
            )
        if self.name in {"time", "memory"}:
            raise ArgumentError(
                f"--view {self.name} has the order of execution and its own columns; --sort and --columns do not"
            )
        if self.name == "lecture":
            raise ArgumentError(
                "the lecture's table has its own order and columns; --sort and --columns need another --view"
            )

    def check_formats(self, names: Collection[str]) -> None:
        """Check before the work that this view has these formats.

        Raises:
            ArgumentError: the view is text, and a format needs rows.
        """
        rows = [name for name in names if find_format(name).part == "rows"]
        if self.name == "lecture" and rows:
            raise ArgumentError(
                f"the lecture's table is text, not {rows[0].upper()}; use --format table or markdown, or another --view"
            )
