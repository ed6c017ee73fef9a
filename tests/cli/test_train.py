"""`archcost profile --train` and what goes with it, through the command line."""

import json

import pytest

from archcost.cli import run


def profiled(capsys, *options):
    assert run(["profile", "lenet5", "--device", "meta", "--format", "json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_optimizer_changes_the_state_and_the_loss_the_step(capsys):
    plain = profiled(capsys, "--train")
    adam = profiled(capsys, "--train", "--optimizer", "adam", "--loss", "sum")
    params = plain["totals"]["param_bytes"]
    tensors = sum(1 for op, cost in adam["operators"].items() if op == "aten.addcdiv_" for _ in range(cost["calls"]))

    assert plain["network"]["mode"] == "train"
    assert plain["totals"]["optimizer_state_bytes"] == 0
    assert adam["totals"]["optimizer_state_bytes"] == 2 * params + 4 * tensors
    assert plain["totals"]["saved_bytes"] == adam["totals"]["saved_bytes"] > 0
    assert "aten.nll_loss_forward" in plain["operators"]
    assert "aten.nll_loss_forward" not in adam["operators"]


def test_frozen_layers_stand_beside_full_training(capsys):
    part = profiled(capsys, "--train", "--freeze", "c*")
    assert part["totals"]["trainable_params"] < part["full_training"]["trainable_params"]
    assert run(["profile", "lenet5", "--device", "meta", "--train", "--freeze", "c*"]) == 0
    assert "in full training" in capsys.readouterr().out


def test_the_memory_view_and_its_data(capsys):
    report = profiled(capsys, "--view", "memory")
    assert max(entry["live_bytes"] for entry in report["timeline"]) == report["totals"]["peak_inference_bytes"]
    assert run(["profile", "lenet5", "--device", "meta", "--view", "memory"]) == 0
    assert "peak, at " in capsys.readouterr().out


def test_mixed_precision(capsys):
    plain, mixed = profiled(capsys), profiled(capsys, "--amp", "bf16")
    assert (plain["network"]["amp"], mixed["network"]["amp"]) == (None, "cuda:bf16")
    assert mixed["totals"]["activation_bytes"] < plain["totals"]["activation_bytes"]
    assert run(["profile", "lenet5", "--amp", "int8"]) == 2
    assert "amp must be one of bf16, fp16" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--optimizer", "adam"], ["--loss", "sum"], ["--freeze", "c*"], ["--train-only", "c1"]]
)
def test_options_of_training_need_it(option, capsys):
    assert run(["profile", "lenet5", *option]) == 2
    assert "belong to --train" in capsys.readouterr().err
