"""`archcost profile --train` and related options, from the command line."""

import csv
import io
import json

import pytest

from archcost.cli import run


def profiled(capsys, *options):
    assert run(["profile", "lenet5", "--device", "meta", "--format", "json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_optimizer_changes_the_state_and_the_loss_the_step(capsys):
    plain = profiled(capsys, "--train")
    adam = profiled(capsys, "--train", "--optimizer", "adam", "--loss", "sum", "--like", "cpu")
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


@pytest.mark.parametrize("view", ["layers", "modules"])
def test_every_row_says_what_it_saves_and_what_its_backward_pass_costs(capsys, tmp_path, view):
    (tmp_path / "model.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef build():\n"
        "    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))\n"
        "    network.register_parameter('unread', nn.Parameter(torch.zeros(7)))\n    return network\n"
    )
    command = ["profile", f"{tmp_path}/model.py:build", "--input", "3", "--view", view]
    assert run([*command, "--batch", "5", "--train", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert run([*command, "--train"]) == run(command) == 0
    tables = capsys.readouterr().out

    assert [row["params"] for row in rows] == ["0", "16", "0", "10", "7"]
    # the second layer also reads the ReLU's result; the input needs no gradient
    assert [row["saved_bytes"] for row in rows] == ["0", f"{4 * 5 * 3}", f"{4 * 5 * 4}", "0", "0"]
    assert [row["backward_macs"] for row in rows] == ["0", f"{5 * 3 * 4}", "0", f"{2 * 5 * 4 * 2}", "0"]
    assert tables.count("Backward MACs") == 1  # not without training


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
