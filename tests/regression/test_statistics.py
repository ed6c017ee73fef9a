"""Judging times: the verdicts on simulated jobs with a known truth."""

# ruff: noqa: S311 - simulations, seeded

import math
import random
from collections import Counter

import pytest

from archcost.errors import ArgumentError
from archcost.records import Round
from archcost.regression.statistics import ROUNDS, SAMPLES, judge_rounds, plan


def drift(shape, at, start):
    """Return the drift of a machine at a time of the job, both from 0 to 1."""
    return {"line": at, "step": float(at > start), "wave": math.sin(2 * math.pi * (2 * at + start)) / 2}[shape]


def job(rng, change, *, noise=0.003, between=0.07, drifts=0.06, shape="line", spikes=0.0, in_turn=True):
    """Simulate one job on a machine with its own speed and drift; head takes `1 + change` times as long."""
    machine, direction, start = max(0.1, rng.gauss(1, between)), rng.choice((-1, 1)), rng.random()
    order = [side for pair in plan() for side in pair for _ in range(SAMPLES)]
    times = {"base": [], "head": []}
    for taken, side in enumerate(order if in_turn else sorted(order)):
        at = taken / len(order)
        seconds = machine * (1 + direction * drifts * drift(shape, at, start)) * (1 + rng.gauss(0, noise))
        seconds *= 1.3 if rng.random() < spikes else 1
        times[side].append(round(10**9 * seconds * (1 + change * (side == "head"))))
    threes = range(0, SAMPLES * ROUNDS, SAMPLES)
    return [Round(**{f"{side}_ns": tuple(each[i : i + SAMPLES]) for side, each in times.items()}) for i in threes]


def states(change, jobs=200, **conditions):
    rng = random.Random(20240229)
    return Counter(judge_rounds(job(rng, change, **conditions), seed=i).state for i in range(jobs))


@pytest.mark.extras
def test_no_change_is_hardly_ever_taken_for_one():
    found = states(0.0, jobs=1000)

    assert found["worse"] + found["better"] < 10
    assert found["unchanged"] > 950


def test_five_per_cent_are_found():
    assert states(0.05)["worse"] > 190
    assert states(-0.05)["better"] > 190


@pytest.mark.parametrize("shape", ["step", "wave"])
def test_a_machine_that_changes_its_speed_in_the_middle_is_no_change(shape):
    unchanged, slower = states(0.0, shape=shape), states(0.05, jobs=100, shape=shape)

    assert unchanged["worse"] + unchanged["better"] < 3
    assert slower["worse"] > 95


def test_a_noisy_machine_is_told_not_guessed():
    """A tenth of the samples take a third longer, with 5 % noise: far more verdicts are ambiguous than wrong."""
    found = states(0.0, jobs=150, noise=0.05, spikes=0.1)

    assert found["ambiguous"] > 100
    assert found["worse"] + found["better"] < 15


def test_one_version_after_the_other_would_be_fooled_by_the_drift():
    """The order of the plan prevents this."""
    found = states(0.0, jobs=100, in_turn=False)

    assert found["worse"] + found["better"] > 75


def test_swapping_the_versions_mirrors_the_verdict():
    rng = random.Random(3)
    for change in (-0.1, -0.03, -0.01, 0.0, 0.01, 0.03, 0.1):
        rounds = job(rng, change, noise=0.01)
        there = judge_rounds(rounds)
        back = judge_rounds([Round(base_ns=each.head_ns, head_ns=each.base_ns) for each in rounds])

        mirrored = {"worse": "better", "better": "worse"}
        assert back.state == mirrored.get(there.state, there.state)


def test_the_numbers_are_those_of_the_rounds():
    rounds = [Round(base_ns=(1, 2, 9), head_ns=(40, 3, 0))] * 8
    speed = judge_rounds(rounds)

    assert (speed.ratio, speed.low, speed.high, speed.state) == (1.5, 1.5, 1.5, "worse")
    assert (speed.base_ns, speed.head_ns) == (2, 3)
    assert judge_rounds(rounds, floor=0.5).state == "unchanged"
    assert judge_rounds(rounds, floor=0.49).state == "worse"


def test_the_same_rounds_give_the_same_interval_and_a_seed_another():
    rounds = job(random.Random(5), 0.0, noise=0.02)

    assert judge_rounds(rounds) == judge_rounds(rounds)
    assert judge_rounds(rounds, seed=1).low != judge_rounds(rounds, seed=7).low


def test_base_and_head_go_first_in_turn():
    order = [side for each in plan(10) for side in each]

    assert order[:8] == ["base", "head", "head", "base", "base", "head", "head", "base"]
    assert len(order) == 20


def test_few_rounds_are_refused():
    with pytest.raises(ArgumentError, match="at least 8 rounds, not 7"):
        plan(7)
    with pytest.raises(ArgumentError, match="at least 8 rounds, not 3"):
        judge_rounds([Round(base_ns=(1,), head_ns=(1,))] * 3)
