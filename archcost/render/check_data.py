"""A check for other programs: JSON, and JUnit XML, which GitLab, Jenkins, Azure and CircleCI show."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from archcost.page.names import first_line, printable
from archcost.render.difference import attribution, change_of, shown_metrics, sorted_changes
from archcost.render.speed import allowed, speed_of

if TYPE_CHECKING:
    from archcost.records import Change, Check, Checked, Difference, Row, Speed, Verdict

SCHEMA = "archcost.check/1"


def to_json(check: Check) -> str:
    """Return a check as JSON: keys sorted, raw integers, every layer that is not the same on a line of its own."""
    networks = ",\n".join(_network(checked) for checked in check.networks)
    rest = {"accept": check.accept, "baseline": check.baseline, "exit_code": check.exit_code, "notes": check.notes}
    lines = [*(f"{_dump(key)}: {_dump(value)}" for key, value in rest.items()), f'"networks": [\n{networks}\n]']
    return "{\n" + ",\n".join([*lines, f'"schema": {_dump(SCHEMA)}']) + "\n}\n"


def _network(checked: Checked) -> str:
    difference = checked.difference
    entry: dict[str, Any] = {
        "base_failure": checked.base_failure,
        "failure": checked.failure,
        "name": checked.name,
        "notes": [] if difference is None else difference.notes,
        "outcome": checked.outcome,
        "settings": checked.settings,
        "speed": None if checked.speed is None else {**dataclasses.asdict(checked.speed), "level": checked.speed_level},
        "totals": {} if difference is None else _totals(difference),
        "uncovered": {} if difference is None else dict(difference.network.uncovered),
        "verdicts": [dataclasses.asdict(verdict) for verdict in checked.verdicts],
    }
    changes = [] if difference is None else sorted_changes(difference, shown_metrics(checked))
    layers = "[" + ",\n".join(["", *(f" {_dump(_layer(change))}" for change in changes)])[1:] + "]"
    lines = [f' "layers": {layers}', *(f" {_dump(key)}: {_dump(value)}" for key, value in entry.items())]
    return "{\n" + ",\n".join(sorted(lines)) + "\n}"


def _totals(difference: Difference) -> dict[str, Any]:
    return {
        name: dict(zip(("before", "after"), difference.totals(name), strict=True)) for name in difference.network.totals
    }


def _layer(change: Change) -> dict[str, Any]:
    return {"status": change.status, "before": _side(change.before), "after": _side(change.after)}


def _side(row: Row | None) -> dict[str, Any] | None:
    return None if row is None else dataclasses.asdict(row)


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)


def to_junit(check: Check) -> str:
    """Return a check as JUnit XML: a suite for each network, a case for each limit; warnings do not fail."""
    root = ET.Element("testsuites", name="archcost")
    for checked in check.networks:
        suite = ET.SubElement(root, "testsuite", name=printable(checked.name))
        for case in _cases(checked):
            suite.append(case)
        _count(suite)
    _count(root)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _count(element: ET.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(name, str(sum(1 for _ in element.iter(tag))))


def _cases(checked: Checked) -> list[ET.Element]:
    difference = checked.difference
    if difference is None:
        case = _case(checked, "walk")
        error = ET.SubElement(case, "error", message=printable(first_line(checked.failure)))
        error.text = "\n".join(map(printable, checked.failure.splitlines()))
        return [case]
    cases = [_verdict(checked, difference, verdict) for verdict in checked.verdicts]
    if checked.speed is not None:
        cases.append(_speed(checked, checked.speed))
    return cases or [_case(checked, f"compared: {checked.outcome}")]


def _verdict(checked: Checked, difference: Difference, verdict: Verdict) -> ET.Element:
    case = _case(checked, f"{verdict.metric} {verdict.limit}")
    text = f"{change_of(difference, verdict.metric)}, {verdict.limit} ({printable(verdict.where)})"
    if verdict.outcome == "exceeded" and verdict.level == "error":
        failure = ET.SubElement(case, "failure", message=text, type="BudgetExceeded")
        failure.text = attribution(difference, verdict.metric)
    elif verdict.outcome != "passed":
        ET.SubElement(case, "system-out").text = f"{verdict.outcome}: {text}"
    return case


def _speed(checked: Checked, speed: Speed) -> ET.Element:
    case = _case(checked, f"time {allowed(speed)}")
    if checked.slower and checked.speed_level == "error":
        ET.SubElement(case, "failure", message=speed_of(speed), type="BudgetExceeded")
    else:
        ET.SubElement(case, "system-out").text = speed_of(speed)
    return case


def _case(checked: Checked, name: str) -> ET.Element:
    return ET.Element("testcase", classname=printable(checked.name), name=printable(name))
