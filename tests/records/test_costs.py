"""Totals are the sums of the rows, or the report is refused; a figure unknown in a row is unknown in the total."""

import json
import re
from pathlib import Path

import pytest

from archcost.cli import run
from archcost.errors import ReportError
from archcost.metrics import SUMS
from archcost.records import Layer, Report, add_up

# Conv2d(1, 2, 3) and a ReLU on 1x4x4, in a training step, as early versions of archcost.report/1 wrote it.
BEFORE = Path(__file__).with_name("written_before.json")


def changed(change):
    data = json.loads(BEFORE.read_text())
    change(data)
    return json.dumps(data)


def test_a_report_that_was_written_before_is_read():
    """It has two kernels of 9 weights and two biases; each of 2x2 positions takes 9 multiply-adds in both channels."""
    report = Report.from_file(BEFORE)

    assert (report.totals.params, report.totals.macs, report.totals.backward_macs) == (2 * (9 + 1), 2 * 4 * 9, 72)
    assert add_up(report.layers) == {name: getattr(report.totals, name) for name in SUMS}
    assert not {name for name, value in add_up(report.layers).items() if value is None}  # all are checked against rows


@pytest.mark.parametrize("name", [*SUMS, "layers"])
def test_a_total_that_somebody_changed_is_refused(name):
    for wrong in (1, 10**12):
        with pytest.raises(ReportError, match=rf"report.totals.{name} is {wrong:,}, and the layers add up to \d+"):
            Report.from_json(changed(lambda data, wrong=wrong: data["totals"].update({name: wrong})))


@pytest.mark.parametrize("name", SUMS)
def test_a_row_that_somebody_changed_is_refused(name):
    with pytest.raises(ReportError, match=rf"report.totals.{name} is [\d,]+, and the layers add up to [\d,]+"):
        Report.from_json(changed(lambda data: data["layers"][2].update({name: data["layers"][2][name] + 1})))


def test_a_row_that_is_gone_is_refused():
    with pytest.raises(ReportError, match=r"report.totals.params is 20, and the layers add up to 0"):
        Report.from_json(changed(lambda data: data["layers"].pop(1)))


def test_what_is_known_of_the_total_and_not_of_its_rows_is_refused():
    for data in (
        changed(lambda data: data["layers"][1].update(saved_bytes=None)),
        changed(lambda data: [layer.update(saved_bytes=None) for layer in data["layers"]]),
    ):
        with pytest.raises(ReportError, match=r"report.totals.saved_bytes is 96, and the layers add up to unknown"):
            Report.from_json(data)
    with pytest.raises(ReportError, match=r"report.totals.saved_bytes is unknown, and the layers add up to 96"):
        Report.from_json(changed(lambda data: data["totals"].update(saved_bytes=None)))


def test_what_neither_knows_is_unknown():
    def forget(data):
        for record in (data["totals"], *data["layers"]):
            record["saved_bytes"] = None

    assert Report.from_json(changed(forget)).totals.saved_bytes is None


def test_no_rows_cost_nothing_that_a_forward_pass_costs():
    assert add_up(()) == {name: None if name in {"backward_macs", "saved_bytes"} else 0 for name in SUMS}


def test_a_sum_with_something_unknown_is_unknown():
    rows = [
        Layer(name=name, call=0, kind="", module="", inputs=(), outputs=(), macs=3, saved_bytes=saved)
        for name, saved in (("a", 1), ("b", None))
    ]

    assert (add_up(rows)["macs"], add_up(rows)["saved_bytes"]) == (6, None)


def test_no_command_compares_with_a_changed_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("before.json").write_text(BEFORE.read_text())
    Path("after.json").write_text(changed(lambda data: data["totals"].update(macs=1)))

    assert run(["diff", "before.json", "before.json", "--fail-if", "macs>+0%"]) == 0
    capsys.readouterr()
    for sides in (("before.json", "after.json"), ("after.json", "before.json")):
        assert run(["diff", *sides, "--fail-if", "macs>+0%"]) == 3
        told = capsys.readouterr()
        assert told.out == ""
        assert re.search(r"after.json: .*totals.macs is 1, and the layers add up to 72", told.err)
