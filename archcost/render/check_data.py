"""A check for other programs: JSON, and one row per quantity of each network."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from archcost.page.rows import Rows
from archcost.render.shown import choose_metrics, sort_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Change, Check, Checked, Difference, Row, Verdict

SCHEMA = "archcost.check/1"
NAMES = ("network", "outcome", "quantity", "before", "after", "limits", "judged", "failure")


def dump_check(check: Check) -> str:
    """Return a check as JSON: keys sorted, raw integers, one line for each changed layer."""
    networks = ",\n".join(_dump_network(checked) for checked in check.networks)
    rest = {"accept": check.accept, "baseline": check.baseline, "exit_code": check.exit_code, "notes": check.notes}
    lines = [*(f"{_dump(key)}: {_dump(value)}" for key, value in rest.items()), f'"networks": [\n{networks}\n]']
    return "{\n" + ",\n".join([*lines, f'"schema": {_dump(SCHEMA)}']) + "\n}\n"


def _dump_network(checked: Checked) -> str:
    difference = checked.difference
    entry: dict[str, Any] = {
        "base_failure": checked.base_failure,
        "failure": checked.failure,
        "name": checked.name,
        "notes": [] if difference is None else difference.notes,
        "outcome": checked.outcome,
        "settings": checked.settings,
        "speed": None if checked.speed is None else {**dataclasses.asdict(checked.speed), "level": checked.speed_level},
        "totals": {} if difference is None else _build_totals(difference),
        "uncovered": {} if difference is None else dict(difference.network.uncovered),
        "verdicts": [dataclasses.asdict(verdict) for verdict in checked.verdicts],
    }
    changes = [] if difference is None else sort_changes(difference, choose_metrics(checked))
    layers = "[" + ",\n".join(["", *(f" {_dump(_build_layer(change))}" for change in changes)])[1:] + "]"
    lines = [f' "layers": {layers}', *(f" {_dump(key)}: {_dump(value)}" for key, value in entry.items())]
    return "{\n" + ",\n".join(sorted(lines)) + "\n}"


def _build_totals(difference: Difference) -> dict[str, Any]:
    return {
        name: dict(zip(("before", "after"), difference.totals(name), strict=True)) for name in difference.network.totals
    }


def _build_layer(change: Change) -> dict[str, Any]:
    return {"status": change.status, "before": _build_side(change.before), "after": _build_side(change.after)}


def _build_side(row: Row | None) -> dict[str, Any] | None:
    return None if row is None else dataclasses.asdict(row)


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)


def build_rows(check: Check) -> Rows:
    """Return a row for each quantity of a network with its limits, or one row for a network that failed."""
    rows: list[tuple[Any, ...]] = []
    for checked in check.networks:
        known = (checked.name, checked.outcome)
        if checked.difference is None:
            rows.append((*known, None, None, None, "", "", checked.failure))
            continue
        for name in checked.difference.network.totals:
            verdicts = [verdict for verdict in checked.verdicts if verdict.metric == name]
            limits, judged = ("; ".join(texts) for texts in _spell(verdicts))
            rows.append((*known, name, *checked.difference.totals(name), limits, judged, ""))
    return Rows(NAMES, rows)


def _spell(verdicts: Sequence[Verdict]) -> tuple[list[str], list[str]]:
    return [verdict.limit for verdict in verdicts], [verdict.outcome for verdict in verdicts]
