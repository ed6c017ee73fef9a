"""`archcost.lock.json`: what networks cost when it was last accepted, one layer a line, so that its diff is the review.

A network's layers are there with the quantities that are gated; a layer that has none of them has no line.
"""

from __future__ import annotations

import json
import re
import reprlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.errors import ReportError
from archcost.metrics import METRICS
from archcost.records import Failure, Row, Snapshot
from archcost.records.reading import CHARACTERS, parse
from archcost.regression.budgets import USUAL
from archcost.regression.snapshot import ROW_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FILE = "archcost.lock.json"
SCHEMA = "archcost.lock/1"
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # archcost writes no escapes but those of control characters
CONFLICT = re.compile(r"^[<>]{7} ", re.MULTILINE)
MOST_GAINS = 8  # that a sentence names
FIXED = ("name", "call", "kind", "outputs")
HEAD = ("conventions", "inputs", "mode", "name", "spec", "totals", "uncovered")
KEYS = {*HEAD, "columns", "layers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One network as the lock file has it: `metrics` are the quantities of its layers."""

    metrics: tuple[str, ...]
    snapshot: Snapshot


def locked_metrics(gated: Iterable[str]) -> tuple[str, ...]:
    """Return the quantities of layers that are kept: the usual ones, and all that budgets name."""
    return tuple(sorted({*USUAL, *gated}.intersection(ROW_METRICS)))


def reduced(snapshot: Snapshot, metrics: Sequence[str]) -> Snapshot:
    """Return a snapshot with these quantities of layers alone, without layers that have none of them."""
    rows = (
        replace(row, values={name: row.values[name] for name in metrics if name in row.values}) for row in snapshot.rows
    )
    return replace(snapshot, rows=tuple(row for row in rows if any(row.values.values())))


def find_stale(
    measured: Mapping[str, Snapshot | Failure], locked: Mapping[str, Locked], metrics: Sequence[str]
) -> tuple[str, ...]:
    """Return the networks that the lock file would hold otherwise if it was written now, with these quantities."""
    return tuple(
        name
        for name, found in measured.items()
        if isinstance(found, Snapshot)
        and locked.get(name) != Locked(metrics=tuple(metrics), snapshot=reduced(found, metrics))
    )


def describe_stale(
    names: Sequence[str], measured: Mapping[str, Snapshot | Failure], locked: Mapping[str, Locked]
) -> str:
    """Say that the lock file is out of date, by which command it is written, and which gains it does not hold yet."""
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
    """Return the text of a lock file: sorted, the same networks giving the same bytes."""
    entries = _lines("{}", [f"{_dump(name)}: {_network(networks[name])}" for name in sorted(networks)])
    return _lines("{}", [f'"networks": {entries}', f'"schema": {_dump(SCHEMA)}']) + "\n"


def _network(locked: Locked) -> str:
    snapshot = locked.snapshot
    rows = (
        [row.name, row.call, row.kind, [units.shape(sizes) for sizes in row.outputs]]
        + [row.values.get(name) for name in locked.metrics]
        for row in reduced(snapshot, locked.metrics).rows
    )
    values = {
        **{key: _dump(getattr(snapshot, key)) for key in HEAD},
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
    """Read a lock file; one that does not exist has no networks.

    Raises:
        ReportError: it cannot be read, or is no lock file: which file, where in it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(CHARACTERS + 1)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: {error}") from error
    try:
        return parse_lock(text)
    except ReportError as error:
        hint = "`archcost check --update` writes it anew"
        raise ReportError(f"{path.name}: {error}; {hint}") from error


def parse_lock(text: str) -> dict[str, Locked]:
    """Read the text of a lock file, from anyone.

    Raises:
        ReportError: it is no lock file; with the place.
    """
    if SURROGATE.search(text):
        raise ReportError("it has half of a surrogate pair")
    if CONFLICT.search(text):
        raise ReportError("it has conflict markers of a merge")
    data = parse(text)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ReportError(f"it is not of schema {SCHEMA!r}")
    return {name: _locked(entry, name) for name, entry in _typed(data.get("networks"), dict, "networks").items()}


def _locked(value: Any, place: str) -> Locked:
    entry = _typed(value, dict, place)
    if entry.keys() != KEYS:
        raise ReportError(f"{place:.200} must have the keys {', '.join(sorted(KEYS))}")
    columns = _each(entry["columns"], str, f"{place}.columns")
    metrics = columns[len(FIXED) :]
    if columns[: len(FIXED)] != FIXED or len({*metrics}) < len(metrics) or not {*metrics} <= {*ROW_METRICS}:
        raise ReportError(f"{place:.200}.columns must be {', '.join(FIXED)}, and quantities of layers")
    rows = _typed(entry["layers"], list, f"{place}.layers")
    snapshot = Snapshot(
        **{key: _typed(entry[key], str, f"{place}.{key}") for key in ("conventions", "mode", "name", "spec")},
        inputs=_each(entry["inputs"], str, f"{place}.inputs"),
        totals=_numbers(entry["totals"], f"{place}.totals"),
        uncovered=_numbers(entry["uncovered"], f"{place}.uncovered"),
        rows=tuple(_row(row, metrics, f"{place}.layers[{i}]") for i, row in enumerate(rows)),
    )
    return Locked(metrics=metrics, snapshot=snapshot)


def _row(value: Any, metrics: Sequence[str], place: str) -> Row:
    items = _typed(value, list, place)
    if len(items) != len(FIXED) + len(metrics):
        raise ReportError(f"{place:.200} must have {len(FIXED) + len(metrics)} items, not {len(items)}")
    name, call, kind, outputs = items[: len(FIXED)]
    numbers = zip(metrics, items[len(FIXED) :], strict=True)
    return Row(
        name=_typed(name, str, f"{place}[0]"),
        call=None if call is None else _typed(call, int, f"{place}[1]"),
        kind=_typed(kind, str, f"{place}[2]"),
        outputs=tuple(_shape(text, f"{place}[3]") for text in _each(outputs, str, f"{place}[3]")),
        values={key: _typed(number, int, f"{place}.{key}") for key, number in numbers if number is not None},
    )


def _shape(text: str, place: str) -> tuple[int, ...]:
    if text == units.shape(()):
        return ()
    if not re.fullmatch(r"\d{1,19}(x\d{1,19})*", text):
        raise ReportError(f"{place:.200} must hold shapes such as 1x64x56x56, not {text!r:.80}")
    return tuple(map(int, text.split("x")))


def _numbers(value: Any, place: str) -> dict[str, int]:
    return {key: _typed(number, int, f"{place}.{key}") for key, number in _typed(value, dict, place).items()}


def _each(value: Any, kind: type, place: str) -> tuple[Any, ...]:
    return tuple(_typed(item, kind, f"{place}[{i}]") for i, item in enumerate(_typed(value, list, place)))


def _typed(value: Any, kind: type, place: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ReportError(f"{place:.200} must be of type {kind.__name__}, not {reprlib.repr(value)}")
    if isinstance(value, int) and value < 0:
        raise ReportError(f"{place:.200} must be at least 0, not {value}")
    return value
