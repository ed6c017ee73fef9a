"""Checks of counted networks: their baseline, verdict, and the command that accepts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from render import pairs

from archcost.errors import ConfigError, IncomparableError, LockOutOfDateError
from archcost.metrics import USUAL
from archcost.records import Failure
from archcost.regression import check as checks, lock, parse_budgets, parse_condition, snapshot
from archcost.regression.baseline import Baseline, lock_baseline
from archcost.regression.settings import read_settings

pytestmark = pytest.mark.usefixtures("warm_workers")

TEXT = """
[tool.archcost.networks.a]
spec = "model.py:a"
[tool.archcost.networks.b]
spec = "model.py:b"
[tool.archcost.budgets."*"]
macs = { max_increase = "2%" }
[tool.archcost.budgets.b]
params = { max = "20k" }
"""
NARROW, WIDE, HUGE = (snapshot(pairs.network(width)) for width in (32, 36, 64))


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "pyproject.toml").write_text(TEXT)
    return read_settings(tmp_path / "pyproject.toml")


def locked(metrics=USUAL, **networks):
    """Return the content of the lock file, written and read again."""
    return lock.parse_lock(
        lock.lock_text(
            {name: lock.Locked(metrics=tuple(sorted(metrics)), snapshot=each) for name, each in networks.items()}
        )
    )


def run(settings, measured, held, baseline=None, **rest):
    plans = [plan for plan in settings.plans if plan.name in measured]
    found = checks.check(settings, plans, measured, baseline or lock_baseline(held), locked=held, **rest)
    return found, {checked.name: checked.outcome for checked in found.networks}


def test_every_network_is_judged_by_its_own_budgets(settings):
    found, outcomes = run(settings, {"a": NARROW, "b": NARROW}, locked(a=NARROW, b=NARROW))

    assert outcomes == {"a": "unchanged", "b": "exceeded"}  # 20,042 parameters
    assert (found.exit_code, found.accept) == (1, "")  # the maximum is raised in the settings
    assert found.baseline == "archcost.lock.json"


def test_a_change_is_accepted_by_one_command(settings):
    found, outcomes = run(settings, {"a": WIDE, "b": NARROW}, locked(a=NARROW, b=NARROW))

    assert outcomes["a"] == "exceeded"
    assert found.accept == "archcost check --update a"
    again = checks.build_update(settings, settings.plans[:1], {"a": WIDE}, locked(a=NARROW, b=NARROW))
    assert run(settings, {"a": WIDE}, again)[1] == {"a": "unchanged"}


def test_the_layers_of_the_lock_file_explain_a_change(settings):
    found, _ = run(settings, {"a": WIDE}, locked(a=NARROW))
    difference = found.networks[0].difference

    assert [change.row.name for change in difference.contributions("macs")] == ["body", "stem"]
    assert sum(change.delta("macs") for change in difference.changes) == difference.delta("macs")


def test_without_a_lock_file_nothing_can_be_checked(settings):
    found, outcomes = run(settings, {"a": NARROW}, {})

    assert outcomes == {"a": "failed"}
    assert (found.exit_code, found.accept) == (3, "archcost check --update a")
    assert found.networks[0].failure == "no baseline: there is no archcost.lock.json"


def test_a_network_that_the_lock_file_does_not_have_is_new_and_the_lock_is_out_of_date(settings):
    found, outcomes = run(settings, {"a": NARROW}, locked(b=NARROW))

    assert (outcomes, found.exit_code) == ({"a": "new"}, 0)
    assert found.notes == ("the lock is out of date: 1 network; archcost check --update",)


def test_a_gain_that_the_lock_file_does_not_hold_is_named(settings):
    found, outcomes = run(settings, {"a": NARROW}, locked(a=WIDE))

    assert (outcomes, found.exit_code) == ({"a": "changed"}, 0)
    (note,) = found.notes
    assert note.startswith("the lock is out of date: 1 network (gains that it does not hold: a MACs -")
    assert "a Params -" in note
    with pytest.raises(LockOutOfDateError, match="--locked: the lock is out of date"):
        checks.require_lock(settings, settings.plans[:1], {"a": NARROW}, locked(a=WIDE))
    checks.require_lock(settings, settings.plans[:1], {"a": WIDE}, locked(a=WIDE))


def test_a_network_without_settings_makes_the_lock_stale_where_all_are_checked(settings):
    measured = {"a": NARROW, "b": NARROW}
    with pytest.raises(LockOutOfDateError, match="1 network;"):
        checks.require_lock(settings, settings.plans, measured, locked(a=NARROW, b=NARROW, gone=NARROW))


def test_a_baseline_without_a_quantity_that_may_not_grow_is_none(settings):
    totals = {name: value for name, value in NARROW.totals.items() if name != "macs"}
    held = locked(("activation_bytes", "params"), a=replace(NARROW, totals=totals))
    found, outcomes = run(settings, {"a": WIDE}, held)

    assert outcomes == {"a": "failed"}
    assert (found.exit_code, found.accept) == (3, "archcost check --update a")
    assert found.networks[0].failure == "no baseline: it has no macs of 'net'; count it anew"


def test_a_maximum_needs_no_baseline(settings, tmp_path):
    (tmp_path / "pyproject.toml").write_text(TEXT.replace('macs = { max_increase = "2%" }', 'macs = { max = "9M" }'))
    settings = read_settings(tmp_path / "pyproject.toml")

    assert run(settings, {"a": NARROW}, {})[1] == {"a": "new"}


def test_what_was_counted_by_other_conventions_cannot_be_checked_but_accepted(settings):
    other = replace(NARROW, conventions="0")
    found, outcomes = run(settings, {"a": NARROW}, locked(a=other))

    assert outcomes == {"a": "failed"}
    assert (found.exit_code, found.accept) == (3, "archcost check --update a")
    assert run(settings, {"a": NARROW}, locked(a=other), force=True)[0].exit_code == 0


def test_another_input_is_named_and_its_cost_judged(settings):
    other = snapshot(pairs.network(32, size=20))
    found, outcomes = run(settings, {"a": other}, locked(a=NARROW))

    assert (outcomes, found.exit_code) == ({"a": "exceeded"}, 1)
    assert found.networks[0].settings == ("input 3x16x16 -> 3x20x20",)
    assert run(settings, {"a": NARROW}, locked(a=other))[1] == {"a": "changed"}


def test_an_operator_without_a_rule_cannot_be_overlooked(settings):
    found, _ = run(settings, {"a": replace(NARROW, uncovered={"mylib.myop": 2})}, locked(a=NARROW))

    assert found.exit_code == 3
    assert "counted as nothing: none before, mylib.myop (2x) after" in found.networks[0].failure


def test_what_has_no_settings_any_more_is_removed_where_all_are_checked(settings):
    held = locked(a=NARROW, b=HUGE, gone=NARROW)

    assert run(settings, {"a": NARROW}, held)[1] == {"a": "unchanged"}
    assert run(settings, {"a": NARROW, "b": NARROW}, held)[1]["gone"] == "removed"
    assert set(checks.build_update(settings, settings.plans, {"a": NARROW, "b": NARROW}, held)) == {"a", "b"}


def test_a_network_that_fails_takes_nothing_from_the_others(settings):
    failure = Failure(spec="model.py:a", error="WalkError", reason="it raised ValueError")
    found, outcomes = run(settings, {"a": failure, "b": WIDE}, locked(a=NARROW, b=NARROW))

    assert outcomes == {"a": "failed", "b": "exceeded"}
    assert found.exit_code == 3
    assert found.networks[0].failure == "it raised ValueError"
    plans = tuple(replace(plan, device="meta") for plan in settings.plans)
    found, _ = run(replace(settings, plans=plans), {"a": failure, "b": WIDE}, locked(a=NARROW, b=NARROW))
    assert 'without device = "meta" in pyproject.toml: tool.archcost.networks.a' in found.networks[0].failure
    with pytest.raises(IncomparableError, match=r"was not written:\na: it raised ValueError"):
        checks.build_update(settings, settings.plans, {"a": failure, "b": WIDE}, {})


def test_a_network_that_does_not_exist_is_a_wrong_setting(settings):
    failure = Failure(spec="model.py:a", error="UnknownNetworkError", reason="there is no file", exit_code=2)
    with pytest.raises(ConfigError, match=r"pyproject.toml: tool.archcost.networks.a: there is no file"):
        run(settings, {"a": failure}, {})


def test_a_condition_comes_on_top(settings):
    conditions = [parse_condition("params>20k")]
    _, outcomes = run(settings, {"a": NARROW}, locked(a=NARROW), conditions=conditions)

    assert outcomes == {"a": "exceeded"}


def test_beside_a_revision_a_new_network_is_new_and_an_accepted_change_passes(settings):
    baseline = Baseline(text="1a2b3c4", networks={})
    assert run(settings, {"a": NARROW}, {}, baseline)[1] == {"a": "new"}

    baseline = replace(baseline, networks={"a": NARROW})
    assert run(settings, {"a": WIDE}, {}, baseline)[1] == {"a": "exceeded"}
    assert run(settings, {"a": WIDE}, locked(a=NARROW), baseline)[1] == {"a": "exceeded"}
    found, outcomes = run(settings, {"a": WIDE}, locked(a=WIDE), baseline)
    assert outcomes == {"a": "changed"}
    assert [verdict.outcome for verdict in found.networks[0].verdicts] == ["accepted"]


def test_where_the_base_fails_the_maxima_alone_are_judged(settings):
    failure = Failure(spec="model.py:a", error="RevisionFailedError", reason="a of main failed")
    baseline = Baseline(text="1a2b3c4", networks={"a": failure, "b": failure})
    found, outcomes = run(settings, {"a": WIDE, "b": NARROW}, {}, baseline)

    assert outcomes == {"a": "uncompared", "b": "exceeded"}  # b: 20,042 parameters, 20,000 allowed
    assert found.exit_code == 1
    assert found.networks[0].base_failure == "1a2b3c4, could not be counted: a of main failed"


def test_where_the_settings_of_the_base_cannot_be_read_every_network_says_so(settings):
    found, outcomes = run(settings, {"a": WIDE}, {}, Baseline(text="1a2b3c4", networks={}, failure="bad TOML"))

    assert (outcomes, found.exit_code) == ({"a": "uncompared"}, 0)
    assert found.networks[0].base_failure == "1a2b3c4, could not be counted: bad TOML"


def test_a_budget_that_allows_more_than_the_base_did_is_a_line_of_the_report(settings):
    before = replace(settings.budgets, patterns=parse_budgets({"*": {"macs": {"max_increase": "1%"}}}).patterns)
    found, _ = run(settings, {"a": NARROW}, {}, Baseline(text="1a2b3c4", networks={"a": NARROW}, budgets=before))

    assert found.networks[0].settings == ("budget macs max_increase 1% -> 2%",)
    assert found.networks[0].outcome == "changed"


def test_the_accepting_command_quotes_names_and_stays_short(settings):
    plans = [replace(settings.plans[0], name=f"net {i}") for i in range(9)]
    for count, command in ((1, "archcost check --update 'net 0'"), (9, "archcost check --update")):
        chosen = plans[:count]
        found = checks.check(settings, chosen, {plan.name: NARROW for plan in chosen}, lock_baseline({}), locked={})
        assert found.accept == command


def test_of_two_that_exceed_the_one_that_grew_more_comes_first(settings):
    found, _ = run(settings, {"a": WIDE, "b": HUGE}, locked(a=NARROW, b=NARROW))

    assert [checked.name for checked in found.worst_first] == ["b", "a"]


def test_two_files_whose_neighbours_have_one_name_see_their_own(tmp_path, monkeypatch):
    networks = []
    for name, width in (("one", 4), ("two", 8)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "width.py").write_text(f"WIDTH = {width}\n")
        (tmp_path / name / "net.py").write_text(
            "from torch import nn\nfrom width import WIDTH\n\n"
            "def build():\n    return nn.Linear(3, WIDTH, bias=False)\n"
        )
        networks.append(f'[tool.archcost.networks.{name}]\nspec = "{name}/net.py:build"\ninput = "3"\n')
    (tmp_path / "pyproject.toml").write_text("".join(networks))
    monkeypatch.chdir(tmp_path)
    found = checks.measure(read_settings(tmp_path / "pyproject.toml").plans)

    assert {name: each.totals["params"] for name, each in found.items()} == {"one": 12, "two": 24}


def test_a_hint_about_devices_is_given_where_another_device_may_help(settings):
    failure = Failure(spec="model.py:a", error="BuildError", reason="SyntaxError: invalid syntax")
    found, _ = run(settings, {"a": failure}, locked(a=NARROW))

    assert found.networks[0].failure == "SyntaxError: invalid syntax"


LIARS = """
import asyncio, ctypes, os

from torch import nn


def fine():
    return nn.Linear(3, 4)


def leaves():
    os._exit(0)


def cancels():
    raise asyncio.CancelledError


def exits():
    raise SystemExit(0)


def skips():
    import pytest

    pytest.skip("not today")


def crashes():
    ctypes.string_at(0)
"""


@pytest.mark.parametrize("liar", ["leaves", "cancels", "exits", "skips", "crashes"])
def test_no_network_ends_a_check_in_its_own_way(tmp_path, monkeypatch, liar):
    networks = [f'[tool.archcost.networks.{name}]\nspec = "liars.py:{name}"\ninput = "3"\n' for name in (liar, "fine")]
    (tmp_path / "pyproject.toml").write_text("".join(networks))
    (tmp_path / "liars.py").write_text(LIARS)
    monkeypatch.chdir(tmp_path)
    found = checks.measure(read_settings(tmp_path / "pyproject.toml").plans)

    assert isinstance(found[liar], Failure)
    assert found["fine"].totals["params"] == 3 * 4 + 4


def test_networks_of_several_inputs_share_their_workers(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(
        "import os\nfrom torch import nn\n\nclass Net(nn.Linear):\n"
        "    def forward(self, x):\n        open('ran.txt', 'a').write(f'{os.getpid()}\\n')\n"
        "        return super().forward(x)\n\n\ndef build(i):\n    return Net(i, 1)\n"
    )
    text = "".join(f'[tool.archcost.networks.n{i}]\nspec = "net.py:build?i={i}"\ninput = "{i}"\n' for i in range(1, 9))
    (tmp_path / "pyproject.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    found = checks.measure(read_settings(tmp_path / "pyproject.toml").plans)

    assert [each.totals["macs"] for each in found.values()] == list(range(1, 9))
    assert len(set((tmp_path / "ran.txt").read_text().split())) <= 2  # one for each core, however many inputs
