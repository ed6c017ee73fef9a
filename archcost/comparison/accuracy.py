"""Published accuracies, and the user's own, by network and protocol."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from archcost.comparison.tables import TableRow, read_table, yield_rows
from archcost.errors import ArgumentError
from archcost.records import PROTOCOLS, Accuracy
from archcost.sources import parse_spec
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COLLECTED = "2026-11-21"  # the date of archcost/data/accuracy.csv
COLUMNS = (
    "networks",
    "dataset",
    "top1_error",
    "top5_error",
    "top1",
    "top5",
    "protocol",
    "split",
    "side",
    "weights",
    "source",
    "note",
)


@cache
def read_published() -> tuple[Accuracy, ...]:
    """Return the figures shipped with archcost; the preferred figure of a network comes first."""
    text = files("archcost").joinpath("data/accuracy.csv").read_text(encoding="utf-8")
    return tuple(_build_accuracy(row) for row in yield_rows(text, "accuracy.csv", COLUMNS))


def read_accuracies(path: str | Path) -> tuple[Accuracy, ...]:
    """Read a user's own figures: a CSV with `networks` and `top1` (per cent right) or `top1_error` (per cent wrong).

    The other columns of archcost's own table are optional: dataset (ImageNet), protocol (single-crop), split, side (any
    input), weights, source, note.

    Raises:
        TableError: a value is wrong; names the file, line and column.
    """
    return tuple(_build_accuracy(row, default_source=str(path)) for row in read_table(path, COLUMNS))


def find_accuracy(
    spec: str, table: Iterable[Accuracy], *, protocol: str, side: int | None, dataset: str | None = None
) -> Accuracy | None:
    """Return the first figure of a table for a network under a protocol at a height and width of its input.

    Args:
        spec: the user's name of the network.
        table: figures, the preferred ones first.
        protocol: the evaluation protocol.
        side: height and width of the input; None for any size.
        dataset: a data set; None for any.
    """
    names = _list_names(spec)
    for figure in table:
        if (
            figure.protocol == protocol
            and (figure.side is None or side is None or figure.side == side)
            and (dataset is None or figure.dataset == dataset)
            and not names.isdisjoint(figure.networks)
        ):
            return figure
    return None


def list_protocols(spec: str, table: Iterable[Accuracy]) -> tuple[str, ...]:
    """Return the protocols and input sizes for which a network has figures: "10-crop at 224"."""
    names = _list_names(spec)
    found = (
        f"{figure.protocol} at {figure.side or 'any input'}"
        for figure in table
        if not names.isdisjoint(figure.networks)
    )
    return tuple(dict.fromkeys(found))


def borrow_accuracies(text: str, own: Iterable[Accuracy]) -> tuple[Accuracy, ...]:
    """Return the figures that a network borrows from another, as in "alexnet=alexnet_owt"; their source says so.

    Raises:
        ArgumentError: no figure of the other is known, or the text has another form.
    """
    network, _, other = text.partition("=")
    if not network or not other:
        raise ArgumentError(f"--accuracy-of {text}: write NET=OTHER, such as alexnet=alexnet_owt")
    names = _list_names(other)
    found = [figure for figure in (*own, *read_published()) if not names.isdisjoint(figure.networks)]
    if not found:
        raise ArgumentError(f"--accuracy-of {text}: no accuracy of {other} is known; --accuracy FILE adds yours")
    return tuple(replace(figure, networks=(network,), side=None, source=f"{other} for {network}") for figure in found)


def list_variants(spec: str, table: Iterable[Accuracy], *, protocol: str) -> tuple[str, ...]:
    """Return the zoo's other variants of a network that have a figure under a protocol."""
    parsed = parse_spec(spec)
    if parsed.kind != "zoo" or parsed.target not in REGISTRY:
        return ()
    entry, figures = REGISTRY.find(parsed.target), tuple(table)
    root = entry.variant_of or entry.id
    family = [other for other in REGISTRY if root in {other.id, other.variant_of} and other.id != entry.id]
    return tuple(
        other.id for other in family if find_accuracy(other.id, figures, protocol=protocol, side=other.input[-1])
    )


def _list_names(spec: str) -> set[str]:
    """Return a network's names in a table: the user's, and the zoo's."""
    parsed = parse_spec(spec)
    if parsed.arguments or parsed.module:  # arguments make it another network than the published one
        return {spec}
    name = f"{parsed.source}:{parsed.target}" if parsed.source else parsed.target
    if parsed.kind == "zoo" and name in REGISTRY:
        name = REGISTRY.find(name).id
    return {spec, name}


def _build_accuracy(row: TableRow, default_source: str = "") -> Accuracy:
    networks = row.text("networks").split()
    if not networks:
        raise row.error("networks", "it names no network")
    top1, top5 = _read_error(row, "top1"), _read_error(row, "top5")
    if top1 is None and top5 is None:
        raise row.error("top1", "neither a top-1 nor a top-5 figure is given")
    side = row.number("side", 1, 10**6)
    return Accuracy(
        networks=tuple(networks),
        dataset=row.text("dataset", "ImageNet"),
        top1_error=top1,
        top5_error=top5,
        protocol=row.choice("protocol", PROTOCOLS),
        split=row.choice("split", ("validation", "test")),
        side=None if side is None else int(side),
        weights=row.text("weights"),
        source=row.text("source", default_source),
        note=row.text("note"),
    )


def _read_error(row: TableRow, rank: str) -> float | None:
    """Return an error rate in per cent, from a cell with the error or the accuracy."""
    error, right = row.number(f"{rank}_error", 0, 100), row.number(rank, 0, 100)
    if error is not None and right is not None:
        raise row.error(rank, f"{rank}_error is given, too; one of them is enough")
    return error if right is None else round(100 - right, 6)


__all__ = ["COLLECTED", "find_accuracy", "list_protocols", "read_accuracies", "read_published"]
