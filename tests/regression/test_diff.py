"""Invariants of every comparison."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings, strategies as st
from render import pairs
from render.reports import layer, report, weighted
from torch import nn

import archcost
from archcost.errors import IncomparableError
from archcost.metrics import SUMS
from archcost.records import Report, Row, Snapshot
from archcost.regression import diff, snapshot
from archcost.regression.match import match

ROWS = st.lists(
    st.builds(
        Row,
        name=st.sampled_from(["a", "b.conv", "c.conv", "b.relu"]),
        call=st.sampled_from([0, 1, None]),
        kind=st.sampled_from(["Conv2d", "ReLU"]),
        outputs=st.sampled_from([((1, 8),), ((1, 9),), ()]),
        values=st.fixed_dictionaries({"macs": st.integers(0, 3), "params": st.integers(0, 3)}),
    ),
    max_size=8,
)


def of(rows: list[Row], **rest: object) -> Snapshot:
    """Return a snapshot whose totals are the sums of its rows."""
    totals = {name: sum(row.values[name] for row in rows) for name in ("macs", "params")}
    known = {"spec": "net", "name": "net", "mode": "eval", "inputs": (), "conventions": "1", "uncovered": {}}
    return Snapshot(**{**known, "totals": totals, "rows": tuple(rows), **rest})


SNAPSHOTS = ROWS.map(of)


def sides(difference):
    """Return the matched layers, without their order."""
    return Counter((repr(change.before), repr(change.after)) for change in difference.changes)


@given(SNAPSHOTS)
def test_nothing_differs_from_itself(one):
    difference = diff(one, one)

    assert not difference.changed
    assert {change.status for change in difference.changes} <= {"same"}
    assert all(not difference.delta(name) and not difference.contributions(name) for name in difference.metrics)


@given(SNAPSHOTS, SNAPSHOTS)
def test_the_other_way_round_is_minus_the_difference(one, other):
    there, back = diff(one, other), diff(other, one)

    assert sides(-there) == sides(back)
    assert all(there.delta(name) == -back.delta(name) for name in there.metrics)
    mirrored = {"new": "removed", "removed": "new"}
    statuses = Counter(mirrored.get(change.status, change.status) for change in there.changes)
    assert statuses == Counter(change.status for change in back.changes)


@given(SNAPSHOTS, SNAPSHOTS)
def test_totals_are_the_sums_of_layers_and_every_layer_is_there_once(one, other):
    difference = diff(one, other)

    for name in difference.metrics:
        assert difference.delta(name) == sum(change.delta(name) for change in difference.changes)
        assert difference.delta(name) == sum(change.delta(name) for change in difference.contributions(name))
    assert Counter(repr(change.before) for change in difference.changes if change.before) == Counter(
        map(repr, one.rows)
    )
    assert [change.after for change in difference.changes if change.after] == list(other.rows)


@given(ROWS, ROWS)
def test_contributions_come_largest_first(one, other):
    found = [abs(change.delta("macs")) for change in diff(of(one), of(other)).contributions("macs")]

    assert found == sorted(found, reverse=True)
    assert 0 not in found


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(shuffler):
    def shuffled(value):
        if isinstance(value, dict):
            items = [(key, shuffled(item)) for key, item in value.items()]
            shuffler.shuffle(items)
            return dict(items)
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    text = pairs.network().to_json()
    other = Report.from_json(json.dumps(shuffled(json.loads(text))))

    assert not diff(Report.from_json(text), other).changed


@given(SNAPSHOTS)
def test_new_and_removed_are_differences_from_nothing(one):
    new, removed = diff(None, one), diff(one, None)

    assert {change.status for change in new.changes} <= {"new"}
    assert {change.status for change in removed.changes} <= {"removed"}
    assert all(new.delta(name) == one.totals[name] == -removed.delta(name) for name in one.totals)
    assert new.changed
    assert removed.changed


def statuses(before: Report, after: Report) -> dict[str, str]:
    return {change.row.name: change.status for change in diff(before, after, force=True).changes}


def test_a_renamed_module_is_renamed_not_removed_and_new():
    found = statuses(pairs.network(), pairs.network(prefix="backbone."))

    assert found.pop("input") == "same"
    assert set(found.values()) == {"renamed"}


def test_an_insertion_into_a_chain_is_one_new_layer():
    """Every later index moves by one, and a ReLU takes the place of a convolution."""
    wide = (1, 8, 4, 4)

    def chain(kinds):
        rows = [layer("input", "Input", wide, module="")]
        for i, kind in enumerate(kinds):
            make = weighted if kind == "Conv2d" else layer
            shapes = (wide, wide) if kind == "Conv2d" else (wide,)
            rest = {"kernel": (1, 1)} if kind == "Conv2d" else {}
            rows.append(make(f"features.{i}", kind, *shapes, i, **rest))
        return report("Chain", rows, modules={})

    difference = diff(
        chain(["Conv2d", "ReLU", "Conv2d", "ReLU"]), chain(["Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "ReLU"])
    )
    new = [change.row.name for change in difference.changes if change.status == "new"]

    assert new == ["features.1"]
    assert Counter(change.status for change in difference.changes) == {"same": 2, "renamed": 3, "new": 1}


def test_another_kind_in_the_same_place_is_a_replacement():
    assert statuses(pairs.network(), pairs.network(kind="GELU"))["act"] == "replaced"


def test_of_two_candidates_the_one_of_the_same_last_name_is_taken():
    first, second = (Row(name=name, call=0, kind="Conv2d", outputs=((1, 8),), values={}) for name in ("a.x", "a.y"))
    moved = [replace(second, name="b.y"), replace(first, name="b.x")]

    found = {change.before.name: change.after.name for change in match([first, second], moved)}

    assert found == {"a.x": "b.x", "a.y": "b.y"}


def test_a_removed_layer_stands_behind_the_one_it_followed():
    before = snapshot(pairs.network())
    after = replace(before, rows=(*before.rows[:2], *before.rows[3:]))

    assert [change.row.name for change in diff(before, after).changes] == ["input", "stem", "act", "body", "head"]


def test_many_layers_of_one_key_take_no_quadratic_time():
    rows = [Row(name=f"a.{i}", call=0, kind="Conv2d", outputs=((1, 8),), values={"macs": 1}) for i in range(50_000)]
    moved = [replace(row, name=f"b.{i}") for i, row in enumerate(rows)]

    assert Counter(change.status for change in match(rows, moved)) == {"renamed": 50_000}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"inputs": ("1x3x8x8 float32",)}, "other inputs: 1x3x4x4 float32 before, 1x3x8x8 float32 after"),
        ({"conventions": "2"}, "counted by other conventions: 1 before, 2 after"),
        ({"mode": "train"}, "another mode: eval before, train after"),
        ({"uncovered": {"mylib.myop": 2}}, "counted as nothing: none before, mylib.myop (2x) after"),
        ({"totals": {"macs": 0, "saved_bytes": 0}}, "walked differently: none before, a training step after"),
    ],
)
def test_what_does_not_compare_is_refused_unless_told_to(changed, says):
    one = of([], totals={"macs": 0}, inputs=("1x3x4x4 float32",))
    other = replace(one, **changed)
    with pytest.raises(IncomparableError) as caught:
        diff(one, other)

    assert caught.value.exit_code == 3
    assert says in str(caught.value)
    assert "--force" in str(caught.value)
    (note,) = diff(one, other, force=True).notes
    assert says in note


def test_the_public_function_compares_reports():
    reports = [archcost.profile(nn.Sequential(nn.Linear(4, n), nn.ReLU()), torch.zeros(1, 4)) for n in (10, 12)]
    difference = archcost.diff(*reports)

    assert difference.delta("macs") == 2 * 4
    assert difference.delta("params") == 2 * 5
    assert [(change.row.name, change.status) for change in difference.contributions("macs")] == [("0", "reshaped")]
    assert {"macs", "params"} <= set(SUMS) & set(difference.metrics)


@pytest.mark.parametrize("train", [None, "adam"])
def test_reports_that_follow_different_devices_do_not_compare(train):
    net = nn.Linear(4, 4)
    cuda, cpu = (
        archcost.profile(net, torch.zeros(2, 4), device="meta", train=train, like=like) for like in ("cuda", "cpu")
    )

    with pytest.raises(IncomparableError, match="other choices followed: like cuda before, like cpu after"):
        diff(cuda, cpu)
    assert any("like cuda before" in note for note in diff(cuda, cpu, force=True).notes)
    assert diff(cpu, cpu).notes == ()


def test_a_real_step_follows_its_own_device_and_a_real_forward_compares_with_any():
    net, x = nn.Linear(4, 4), torch.zeros(2, 4)
    real = archcost.profile(net, x, device="cpu", train="adam")
    with pytest.raises(IncomparableError, match="like cuda before, like cpu after"):
        diff(archcost.profile(net, x, device="meta", train="adam"), real)
    assert not diff(archcost.profile(net, x, device="meta", train="adam", like="cpu"), real).notes
    forward = archcost.profile(net, x, device="cpu")
    for like in ("cuda", "cpu"):
        assert not diff(archcost.profile(net, x, device="meta", like=like), forward).notes


def test_a_report_of_before_that_does_not_say_whom_it_follows_compares():
    found = archcost.profile(nn.Linear(4, 4), torch.zeros(2, 4), device="meta", train="adam")
    unsaid = {key: value for key, value in found.environment.items() if key not in {"like", "device"}}
    assert not diff(replace(found, environment=unsaid), found).notes
