"""One line describes the changed settings of a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

import archcost
from archcost.regression import lock, snapshot
from archcost.regression.settings import Plan
from archcost.regression.settings_changes import describe_changes

PLAN = Plan(name="net", group="net", spec="net.py:build")


def counted(net=None, shape=(2, 3, 8, 8), **options):
    return snapshot(archcost.profile(net or nn.Conv2d(3, 4, 3), torch.zeros(shape), **options))


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({}, {"shape": (2, 3, 10, 8)}, "input 3x8x8 -> 3x10x8"),
        ({}, {"shape": (4, 3, 8, 8)}, "batch 2 -> 4"),
        ({}, {"mode": "train"}, "mode eval -> train"),
    ],
)
def test_a_setting_that_changed_is_a_line(before, after, line):
    assert describe_changes(counted(**before), counted(**after), PLAN, PLAN) == (line,)


def test_a_dtype_that_changed_is_named_by_parameters_and_inputs():
    before = counted()
    after = snapshot(archcost.profile(nn.Conv2d(3, 4, 3).bfloat16(), torch.zeros(2, 3, 8, 8).bfloat16()))

    assert describe_changes(before, after, PLAN, PLAN) == (
        "input dtype float32 -> bfloat16",
        "parameters float32 -> bfloat16",
    )


def test_the_lock_file_keeps_dtypes_and_reads_files_without_them():
    found = counted()
    text = lock.lock_text({"net": lock.Locked(metrics=("macs",), snapshot=found)})

    assert lock.parse_lock(text)["net"].snapshot.dtypes == ("float32",)
    older = "".join(each for each in text.splitlines(keepends=True) if "dtypes" not in each)
    assert "dtypes" in text
    assert lock.parse_lock(older)["net"].snapshot.dtypes is None


def test_settings_that_changed_are_named_from_the_settings():
    found = counted()
    other = replace(PLAN, spec="net.py:build?width=6", train="adam")

    assert describe_changes(found, found, PLAN, other)[0] == "spec net.py:build -> net.py:build?width=6"
    assert describe_changes(found, found, PLAN, PLAN) == ()
    assert describe_changes(found, found, PLAN, replace(PLAN, like="cpu")) == ("like cuda -> cpu",)
    assert describe_changes(found, found, PLAN, replace(PLAN, like="cuda")) == ()  # the default
    assert describe_changes(replace(found, spec="a"), replace(found, spec="b"), None, PLAN) == ("spec a -> b",)


def test_whose_choices_a_side_followed_is_named_where_its_settings_are_not_known():
    """A lock file has only the figures: locked like a GPU, counted like the CPU now."""
    training = [counted(train="adam", device="meta", like=like) for like in ("cuda", "cpu")]
    plain = [counted(device="meta", like=like) for like in ("cuda", "cpu")]

    assert describe_changes(*training, None, PLAN) == ("like cuda -> cpu",)
    assert describe_changes(*plain, None, PLAN) == ("like cuda -> cpu",)
    assert describe_changes(training[0], counted(train="adam", device="cpu"), PLAN, PLAN) == ("like cuda -> cpu",)
    assert describe_changes(plain[0], counted(device="cpu"), PLAN, PLAN) == ()
    assert describe_changes(replace(training[0], followed=None), training[1], None, PLAN) == ()  # unknown
    assert describe_changes(replace(plain[0], followed=None), plain[1], None, PLAN) == ("like cuda -> cpu",)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"train": "sgd"}, "cuda"),
        ({"train": "sgd", "like": "cpu"}, "cpu"),
        ({"like": "cpu"}, "cpu"),
        ({}, None),  # as in every older lock file
    ],
)
def test_the_lock_file_keeps_whose_choices_were_followed(options, kept):
    found = lock.Locked(metrics=("macs",), snapshot=counted(device="meta", **options))
    text = lock.lock_text({"net": found})
    read = lock.parse_lock(text)

    assert read["net"].snapshot.followed == kept
    assert ("followed" in text) == (kept is not None)
    assert lock.find_stale({"net": found.snapshot}, read, ("macs",)) == ()
