"""`archcost.lock.json`: the last accepted costs, one layer per line, so that the file's diff can be reviewed.

A layer's line holds the quantities that budgets limit; a layer where all of them are 0 has no line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from archcost import units
from archcost.choices import FOLLOWED
from archcost.errors import ReportError
from archcost.metrics import METRICS, SUMS, USUAL
from archcost.records import Failure, Row, Snapshot, check_sums
from archcost.records.reading import check_size, file_text, read_document
from archcost.regression.snapshot import TOTAL_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FILE = "archcost.lock.json"
SCHEMA = "archcost.lock/1"
CONFLICT = re.compile(r"^[<>]{7} ", re.MULTILINE)
MOST_GAINS = 8  # the most networks that a sentence names
FIXED = ("name", "call", "kind", "outputs")
HEAD = ("conventions", "dtypes", "followed", "inputs", "mode", "name", "spec", "totals", "uncovered")
Line: TypeAlias = tuple[str, int | None, str, tuple[str, ...], *tuple[int | None, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One network of the lock file; `metrics` names the quantities of its layers."""

    metrics: tuple[str, ...]
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One network in JSON; each layer is a list with an item for each column."""

    columns: tuple[str, ...]
    conventions: str
    inputs: tuple[str, ...]
    layers: tuple[Line, ...]
    mode: str
    name: str
    spec: str
    totals: dict[str, int]
    uncovered: dict[str, int]
    dtypes: tuple[str, ...] | None = None
    followed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    networks: dict[str, _Entry]


def choose_metrics(gated: Iterable[str]) -> tuple[str, ...]:
    """Return the layer quantities that the lock file keeps: the usual ones, and those that budgets name."""
    return tuple(sorted({*USUAL, *gated}.intersection(SUMS)))


def reduce_snapshot(snapshot: Snapshot, metrics: Sequence[str]) -> Snapshot:
    """Return a snapshot whose layers have only these quantities, without the layers where all of them are 0.

    The device that the walk followed is kept if the network trains, or if the device is not the default.
    """
    rows = (
        replace(row, values={name: row.values[name] for name in metrics if name in row.values}) for row in snapshot.rows
    )
    usual = not snapshot.trained and snapshot.followed == FOLLOWED[0]
    return replace(
        snapshot,
        rows=tuple(row for row in rows if any(row.values.values())),
        followed=None if usual else snapshot.followed,
    )


def find_stale(
    measured: Mapping[str, Snapshot | Failure], locked: Mapping[str, Locked], metrics: Sequence[str]
) -> tuple[str, ...]:
    """Return the networks whose entries would change if the lock file was written now with these quantities."""
    return tuple(
        name
        for name, found in measured.items()
        if isinstance(found, Snapshot)
        and locked.get(name) != Locked(metrics=tuple(metrics), snapshot=reduce_snapshot(found, metrics))
    )


def describe_stale(
    names: Sequence[str], measured: Mapping[str, Snapshot | Failure], locked: Mapping[str, Locked]
) -> str:
    """Say that the lock file is out of date, which command writes it, and which reductions it does not hold yet."""
    networks = f"{units.exact(len(names))} network{'' if len(names) == 1 else 's'}"
    gains = [
        f"{name} {METRICS[metric].label} {units.growth(before, after)}"
        for name in names
        if name in locked and name in measured
        for metric in USUAL
        if (before := locked[name].snapshot.totals.get(metric)) is not None
        and (after := getattr(measured[name], "totals", {}).get(metric, before)) < before
    ]
    held = f" (gains that it does not hold: {'; '.join(gains[:MOST_GAINS])})" if gains else ""
    return f"the lock is out of date: {networks}{held}; archcost check --update"


def lock_text(networks: Mapping[str, Locked]) -> str:
    """Return the text of a lock file, sorted, so that the same networks give the same bytes.

    Raises:
        ReportError: the text would exceed the size that archcost reads.
    """
    entries = _lines("{}", [f"{_dump(name)}: {_network(networks[name])}" for name in sorted(networks)])
    text = _lines("{}", [f'"networks": {entries}', f'"schema": {_dump(SCHEMA)}']) + "\n"
    try:
        check_size(text)
    except ReportError as error:
        raise ReportError(f"{FILE} was not written: {error}; lock fewer networks, or several projects") from error
    return text


def _network(locked: Locked) -> str:
    snapshot = reduce_snapshot(locked.snapshot, locked.metrics)
    rows = (
        [row.name, row.call, row.kind, [units.shape(sizes) for sizes in row.outputs]]
        + [row.values.get(name) for name in locked.metrics]
        for row in snapshot.rows
    )
    values = {
        **{key: _dump(value) for key in HEAD if (value := getattr(snapshot, key)) is not None},
        "columns": _dump([*FIXED, *locked.metrics]),
        "layers": _lines("[]", [_dump(row) for row in rows]),
        "totals": _lines("{}", [f"{_dump(key)}: {_dump(snapshot.totals[key])}" for key in sorted(snapshot.totals)]),
    }
    return _lines("{}", [f"{_dump(key)}: {values[key]}" for key in sorted(values)])


def _lines(brackets: str, items: Sequence[str]) -> str:
    return "\n".join([brackets[0], ",\n".join(items), brackets[1]]) if items else brackets


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def read_lock(path: Path) -> dict[str, Locked]:
    """Read a lock file; a missing file has no networks.

    Raises:
        ReportError: the file cannot be read or is not a lock file; names the file and the place in it.
    """
    try:
        return parse_lock(file_text(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ReportError(f"{path}: {error}") from error
    except ReportError as error:
        hint = "`archcost check --update` writes it anew"
        raise ReportError(f"{path.name}: {error}; {hint}") from error


def parse_lock(text: str) -> dict[str, Locked]:
    """Read the text of a lock file; the text may come from anyone.

    Raises:
        ReportError: the text is not a lock file, or a total differs from the sum over layers; names the place.
    """
    if CONFLICT.search(text):
        raise ReportError("it has conflict markers of a merge")
    found = read_document(_File, text, SCHEMA, "lock")
    return {name: _build_locked(entry, f"lock.networks.{name}") for name, entry in found.networks.items()}


def _build_locked(entry: _Entry, place: str) -> Locked:
    metrics = entry.columns[len(FIXED) :]
    if entry.columns[: len(FIXED)] != FIXED or len({*metrics}) < len(metrics) or not {*metrics} <= {*SUMS}:
        raise ReportError(f"{place:.200}.columns must be {', '.join(FIXED)}, and quantities of layers")
    unknown = sorted(entry.totals.keys() - {*TOTAL_METRICS})
    if unknown:
        raise ReportError(f"{place:.200}.totals has an unknown key {unknown[0]!r:.200}")
    rows = tuple(_row(line, metrics, f"{place}.layers[{i}]") for i, line in enumerate(entry.layers))
    check_sums(entry.totals, _sums(rows, metrics, entry.totals), f"{place}.totals")
    fields = {key: getattr(entry, key) for key in HEAD}
    return Locked(metrics=metrics, snapshot=Snapshot(**fields, rows=rows))


def _sums(rows: Sequence[Row], metrics: Sequence[str], totals: Mapping[str, int]) -> dict[str, int | None]:
    """Return the sums over layers; None for a quantity that was not counted."""
    sums: dict[str, int | None] = {}
    for name in metrics:
        values = [row.values.get(name) for row in rows] or [0 if name in totals else None]
        known = [value for value in values if value is not None]
        sums[name] = sum(known) if len(known) == len(values) else None
    return sums


def _row(line: Line, metrics: Sequence[str], place: str) -> Row:
    name, call, kind, outputs, *numbers = line
    if len(numbers) != len(metrics):
        raise ReportError(f"{place:.200} must have {len(FIXED) + len(metrics)} items, not {len(line)}")
    values = {key: number for key, number in zip(metrics, numbers, strict=True) if number is not None}
    sizes = tuple(_shape(text, f"{place}[3]") for text in outputs)
    return Row(name=name, call=call, kind=kind, outputs=sizes, values=values)


def _shape(text: str, place: str) -> tuple[int, ...]:
    if text == units.shape(()):
        return ()
    if not re.fullmatch(r"\d{1,19}(x\d{1,19})*", text):
        raise ReportError(f"{place:.200} must hold shapes such as 1x64x56x56, not {text!r:.80}")
    return tuple(map(int, text.split("x")))
