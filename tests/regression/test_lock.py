"""The lock file: the same bytes for the same networks, one layer a line, and nothing believed of a damaged one."""

from __future__ import annotations

import json
import re

import pytest
from render import pairs

from archcost.errors import ReportError
from archcost.records import reading
from archcost.regression import diff, lock, snapshot

METRICS = lock.locked_metrics(())


def locked(**networks):
    return {name: lock.Locked(metrics=METRICS, snapshot=snapshot(report)) for name, report in networks.items()}


TEXT = lock.lock_text(locked(net=pairs.network()))


def test_what_is_written_is_read_back():
    for report in (pairs.network(), pairs.hostile(8), pairs.pools()):
        written = locked(a=report, b=report)
        read = lock.parse_lock(lock.lock_text(written))

        assert lock.lock_text(read) == lock.lock_text(written)
        assert read["a"].metrics == METRICS == ("activation_bytes", "macs", "params")
        assert read["a"].snapshot == lock.reduced(written["a"].snapshot, METRICS)


def test_the_order_of_networks_does_not_matter():
    networks = locked(b=pairs.network(), a=pairs.network(8))

    assert lock.lock_text(networks) == lock.lock_text(dict(reversed(networks.items())))


def test_one_changed_layer_is_one_changed_line():
    before, after = (lock.lock_text(locked(net=pairs.network(kind=kind))) for kind in ("ReLU", "GELU"))
    differing = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]

    assert [(json.loads(a.rstrip(","))[2], json.loads(b.rstrip(","))[2]) for a, b in differing] == [("ReLU", "GELU")]


def test_a_layer_of_no_gated_quantity_has_no_line():
    report = pairs.deep(8)
    free = [row for row in report.layers if row.kind == "Input"]
    assert free  # it has bytes, and so it is there
    with_bytes, with_macs = (
        lock.reduced(snapshot(report), metrics).rows for metrics in (("activation_bytes",), ("macs",))
    )

    assert len(with_bytes) - len(with_macs) == 1


def test_a_network_does_not_differ_from_what_was_locked():
    report = pairs.network()
    before = lock.parse_lock(TEXT)["net"]

    assert not diff(before.snapshot, lock.reduced(snapshot(report), before.metrics)).changed


def test_budgets_choose_the_quantities():
    assert lock.locked_metrics(("macts", "depth", "macs")) == ("activation_bytes", "macs", "macts", "params")


def test_a_file_that_is_missing_has_no_networks(tmp_path):
    assert lock.read_lock(tmp_path / "archcost.lock.json") == {}


DAMAGE = [
    (lambda text: text[: len(text) // 2], "it is no JSON"),
    (
        lambda text: text.replace("archcost.lock/1", "archcost.lock/2"),
        "it must be of schema 'archcost.lock/1', not 'archcost.lock/2'",
    ),
    (lambda text: text.replace('"macs": ', '"macs": 1e400, "x": ', 1), "totals.macs must be a finite number"),
    (lambda text: text.replace('"macs": ', '"macs": true, "x": ', 1), "totals.macs must be of type int, not True"),
    (lambda text: text.replace('"macs": ', '"macs": -1, "x": ', 1), "totals.macs must be at least 0, not -1"),
    (lambda text: text.replace('"1x32x16x16"', '"1x32xmany"'), "net.layers[1][3] must hold shapes"),
    (lambda text: text.replace(',"Conv2d"', ',["Conv2d"]'), "net.layers[1][2] must be of type str"),
    (lambda text: text.replace('["input",0,', "["), "net.layers[0][1] must be of type int, not ['1x3x16x16']"),
    (lambda text: text.replace('"call"', '"calls"'), "net.columns must be name, call, kind, outputs"),
    (lambda text: text.replace('"macs","params"', '"macs","depth"'), "and quantities of layers"),
    (lambda text: text.replace('"mode"', '"modes"'), "net has no key 'mode'"),
    (lambda text: text + "{}", "it is no JSON"),
    (lambda text: text.replace('"layers"', '\n<<<<<<< HEAD\n"layers"'), "it has conflict markers of a merge"),
    (lambda text: text.replace("stem", "\\ud800"), "net.layers[1][0] has half of a surrogate pair"),
    (lambda _: "[" * 100_000, "it nests deeper than any at line 1 column 17"),
    (lambda _: "[]", "it must be of schema 'archcost.lock/1', not []"),
    (lambda text: text.replace('"uncovered": {}', '"uncovered": []'), "net.uncovered must be of type dict"),
]


@pytest.mark.parametrize(("damage", "says"), DAMAGE, ids=[says for _, says in DAMAGE])
def test_a_damaged_file_is_refused_with_the_place(tmp_path, damage, says):
    path = tmp_path / "archcost.lock.json"
    damaged = damage(TEXT)
    assert damaged != TEXT
    path.write_text(damaged)
    with pytest.raises(ReportError, match=re.escape(says)) as caught:
        lock.read_lock(path)
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith("archcost.lock.json: ")
    assert "archcost check --update" in str(caught.value)


def test_a_file_larger_than_any_is_not_parsed(monkeypatch):
    monkeypatch.setattr(reading, "CHARACTERS", 100)
    with pytest.raises(ReportError, match="at most 100 are read"):
        lock.parse_lock(TEXT)
