"""A plan validates itself, and returns its arguments for a walk."""

import pytest

from archcost.errors import ArgumentError, ReportError
from archcost.records import TimingPlan, Training, WalkPlan, choose_followed, parse_amp
from archcost.records.reading import read


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: WalkPlan(mode="test"), "mode must be one of eval, train, as-is, not 'test'"),
        (lambda: WalkPlan(amp="fp8"), "amp must be one of bf16, fp16"),
        (lambda: WalkPlan(device="cpu", amp="cuda:bf16"), "on cpu, torch follows the lists of cpu"),
        (lambda: WalkPlan(like="tpu"), "like must be one of cuda, cpu, not 'tpu'"),
        (lambda: WalkPlan(device="cpu", like="cuda"), "on cpu, torch makes the choices of cpu"),
        (lambda: WalkPlan(amp="cpu:bf16", like="cuda"), "follows cpu, and like='cuda' follows cuda"),
        (
            lambda: Training(optimizer="lion"),
            "train must be one of sgd, momentum, adam, adamw, sgd-fused, .*, not 'lion'",
        ),
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
    assert asked.on_meta_as_on("cpu") == WalkPlan(device="meta", amp="cpu:bf16", like="cpu", mode="train")
    assert WalkPlan(amp="cpu:bf16").on_meta_as_on("cuda:0").amp == "cpu:bf16"
    assert WalkPlan().on_meta_as_on("cuda:0") == WalkPlan(device="meta", like="cuda")
    assert WalkPlan().on_meta_as_on("mps") == WalkPlan(device="meta")


@pytest.mark.parametrize(
    ("device", "like", "amp", "followed"),
    [
        ("meta", None, None, "cuda"), ("meta", "cpu", None, "cpu"), ("meta", None, "cpu:bf16", "cpu"),
        ("meta", "cpu", "bf16", "cpu"), ("cpu", None, None, "cpu"), ("cuda:1", None, None, "cuda"),
        ("cuda:1", "cuda", None, "cuda"), ("auto", "cpu", None, "cpu"),
    ],
)  # fmt: skip
def test_one_option_says_whose_choices_the_meta_device_follows(device, like, amp, followed):
    assert choose_followed(device, like, amp) == followed
    if amp is not None:
        assert parse_amp(amp, device, like).lists == followed


def test_a_stored_plan_that_cannot_be_is_an_error_of_the_report():
    stored = {name: getattr(TimingPlan(), name) for name in TimingPlan.__slots__}
    assert read(TimingPlan, stored, "plan") == TimingPlan()
    with pytest.raises(ReportError, match="plan cannot be: dtype must be one of float32"):
        read(TimingPlan, stored | {"dtype": "float31"}, "plan")
