"""The lock file: the same bytes for the same networks, one layer per line, and damaged files refused."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, strategies as st
from render import pairs
from render.reports import layer, report as report_of

from archcost.cli import run
from archcost.errors import ReportError
from archcost.records import reading
from archcost.regression import diff, lock, snapshot

METRICS = lock.choose_metrics(())


def locked(**networks):
    return {name: lock.Locked(metrics=METRICS, snapshot=snapshot(report)) for name, report in networks.items()}


TEXT = lock.lock_text(locked(net=pairs.network()))


def test_what_is_written_is_read_back():
    for report in (pairs.network(), pairs.hostile(8), pairs.pools()):
        written = locked(a=report, b=report)
        read = lock.parse_lock(lock.lock_text(written))

        assert lock.lock_text(read) == lock.lock_text(written)
        assert read["a"].metrics == METRICS == ("activation_bytes", "macs", "params")
        assert read["a"].snapshot == lock.reduce_snapshot(written["a"].snapshot, METRICS)


@given(*2 * [st.text(st.characters(exclude_categories=["Cs"]))])
def test_whatever_a_module_is_called_it_is_read_back(name, kind):
    whole = report_of(name, [layer(name, kind, (1, 3), module=name)], modules={})
    written = lock.lock_text(locked(**{name: whole}))

    assert lock.lock_text(lock.parse_lock(written)) == written


@pytest.mark.parametrize("name", ["\\ud800", "a\\uDFFFb", "\\u0041", '"\\', "<<<<<<< HEAD\n>>>>>>> "])
def test_a_name_may_look_like_an_escape_or_a_conflict(name):
    whole = report_of(name, [layer(name, "ReLU", (1, 3))], modules={})

    assert lock.parse_lock(lock.lock_text(locked(**{name: whole})))[name].snapshot.rows[0].name == name


def test_a_total_that_somebody_changed_is_refused():
    report = pairs.network()
    for name in METRICS:
        value = getattr(report.totals, name)
        changed = TEXT.replace(f'"{name}": {value}', f'"{name}": 1')
        assert changed != TEXT
        with pytest.raises(ReportError, match=f"net.totals.{name} is 1, and the layers add up to {value:,}"):
            lock.parse_lock(changed)
    with pytest.raises(ReportError, match=r"net.totals.macs is unknown, and the layers add up to"):
        lock.parse_lock(re.sub(r'"macs": \d+,\n', "", TEXT))


def test_a_row_that_somebody_changed_or_removed_is_refused():
    gone, more = json.loads(TEXT), json.loads(TEXT)
    gone["networks"]["net"]["layers"].pop()
    more["networks"]["net"]["layers"][1][-1] += 1
    for changed in (gone, more):
        with pytest.raises(ReportError, match=r"net.totals.\w+ is [\d,]+, and the layers add up to [\d,]+"):
            lock.parse_lock(json.dumps(changed))


def test_a_lock_that_is_not_the_sum_of_its_rows_is_no_baseline(tmp_path, monkeypatch, capsys):
    """One Conv2d(3, 4, 3) on 8x8: 4 channels of 6x6 positions, 27 multiply-adds each."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("import torch\n\n\ndef build():\n    return torch.nn.Conv2d(3, 4, 3)\n")
    (tmp_path / "pyproject.toml").write_text('[tool.archcost.networks.a]\nspec = "net.py:build"\ninput = "3x8x8"\n')
    assert run(["check", "--update"]) == 0
    assert run(["check"]) == 0
    path = tmp_path / lock.FILE
    path.write_text(path.read_text().replace('"macs": 3888', '"macs": 388800'))
    capsys.readouterr()

    assert run(["check"]) == 3
    assert "a.totals.macs is 388,800, and the layers add up to 3,888" in capsys.readouterr().err


def test_a_lock_that_could_not_be_read_is_not_written(monkeypatch):
    monkeypatch.setattr(reading, "CHARACTERS", 100)
    with pytest.raises(ReportError, match=r"archcost.lock.json was not written: it has .* at most 100 are read"):
        lock.lock_text(locked(net=pairs.network()))


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
    assert free  # present, since it has bytes
    with_bytes, with_macs = (
        lock.reduce_snapshot(snapshot(report), metrics).rows for metrics in (("activation_bytes",), ("macs",))
    )

    assert len(with_bytes) - len(with_macs) == 1


def test_a_network_does_not_differ_from_what_was_locked():
    report = pairs.network()
    before = lock.parse_lock(TEXT)["net"]

    assert not diff(before.snapshot, lock.reduce_snapshot(snapshot(report), before.metrics)).changed


def test_budgets_choose_the_quantities():
    assert lock.choose_metrics(("macts", "depth", "macs")) == ("activation_bytes", "macs", "macts", "params")


def test_a_file_that_is_missing_has_no_networks(tmp_path):
    assert lock.read_lock(tmp_path / "archcost.lock.json") == {}


DAMAGE = [
    (lambda text: text[: len(text) // 2], "it is not JSON"),
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
    (lambda text: text + "{}", "it is not JSON"),
    (lambda text: text.replace('"depth"', '"speed"'), "net.totals has an unknown key 'speed'"),
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
