"""What was asked for checks itself, and says what it means for a walk."""

import pytest

from archcost.errors import ArgumentError, ReportError
from archcost.records import TimingPlan, Training, WalkPlan
from archcost.records.reading import read


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: WalkPlan(mode="test"), "mode must be one of eval, train, as-is, not 'test'"),
        (lambda: WalkPlan(amp="fp8"), "amp must be one of bf16, fp16"),
        (lambda: WalkPlan(device="cpu", amp="cuda:bf16"), "on cpu, torch follows the lists of cpu"),
        (lambda: Training(optimizer="lion"), "train must be one of sgd, momentum, adam, adamw, not 'lion'"),
        (lambda: Training(loss="mse"), "loss must be one of cross-entropy, sum, not 'mse'"),
        (lambda: Training.of(None, "mse"), "loss must be one of"),
        (lambda: Training.of(None, "sum", freeze="a"), "they need train, an optimizer"),
        (lambda: Training.of(None, "sum", train_only=["a"]), "they need train, an optimizer"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(make, says):
    with pytest.raises(ArgumentError, match=says):
        make()


def test_a_training_from_arguments():
    assert Training.of(None, "sum") is None
    training = Training.of("adam", "sum", freeze="a.*", train_only=["b", "c"])
    assert training == Training(optimizer="adam", loss="sum", freeze=("a.*",), train_only=("b", "c"))
    assert training.partial
    assert training.full == Training(optimizer="adam", loss="sum")
    assert not training.full.partial


@pytest.mark.parametrize(
    ("mode", "training", "walked"),
    [("eval", None, "eval"), ("eval", Training(), "train"), ("as-is", Training(), "as-is"), ("train", None, "train")],
)
def test_a_training_step_runs_in_train_unless_as_is(mode, training, walked):
    assert WalkPlan(mode=mode, training=training).walked_mode == walked


def test_the_meta_device_follows_the_lists_of_the_device_that_it_predicts():
    asked = WalkPlan(device="cpu", amp="bf16", mode="train")
    assert asked.on_meta_as_on("cpu") == WalkPlan(device="meta", amp="cpu:bf16", mode="train")
    assert WalkPlan(amp="cpu:bf16").on_meta_as_on("cuda:0").amp == "cpu:bf16"
    assert WalkPlan().on_meta_as_on("cuda:0") == WalkPlan(device="meta")


def test_a_stored_plan_that_cannot_be_is_an_error_of_the_report():
    stored = {name: getattr(TimingPlan(), name) for name in TimingPlan.__slots__}
    assert read(TimingPlan, stored, "plan") == TimingPlan()
    with pytest.raises(ReportError, match="plan cannot be: dtype must be one of float32"):
        read(TimingPlan, stored | {"dtype": "float31"}, "plan")
