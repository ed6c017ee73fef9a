"""`archcost verify` on the command line."""

import json

import pytest

from archcost.cli import run

NETWORKS = """
import torch

class Named(torch.nn.Linear):
    def forward(self, x, *, mask):
        return super().forward(x) * mask

class Raises(torch.nn.Linear):
    def forward(self, x):
        raise ValueError("no")

def named():
    return Named(4, 4)

def raises():
    return Raises(4, 4)
"""


@pytest.fixture
def networks(tmp_path):
    path = tmp_path / "networks.py"
    path.write_text(NETWORKS, encoding="utf-8")
    return path


def test_the_table_goes_to_stdout_and_notes_to_stderr(capsys):
    assert run(["verify", "lenet5"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("LeNet-5")
    assert "the same for every operator" in out
    assert err.startswith("archcost: note: LeNet-5: fvcore cannot trace on the meta device")


def test_a_difference_is_information_not_a_failure(capsys):
    assert run(["verify", "resnet18", "--quiet", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    fvcore, torch = json.loads(out)["opinions"]
    assert (fvcore["total"], torch["total"], fvcore["unexplained"]) == (1_819_065_856, 1_814_073_344, 0)
    assert err == ""


def test_named_inputs_a_batch_and_a_file(networks, tmp_path):
    target = tmp_path / "opinions.json"
    inputs = ["--input", "4", "--input", "mask=4", "--batch", "3", "-o", str(target)]
    assert run(["verify", f"{networks}:named", *inputs]) == 0
    data = json.loads(target.read_text(encoding="utf-8"))
    assert data["macs"] == 3 * 4 * 4
    assert [each["failure"] is None for each in data["opinions"]] == [False, True]


def test_a_network_that_fails(networks, capsys):
    assert run(["verify", f"{networks}:raises", "--input", "4"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "ValueError: no" in err


@pytest.mark.parametrize(
    "arguments", [["vgg61"], ["lenet5", "--input", "1x"], ["lenet5", "--device", "tpu"], ["lenet5", "-o", "a.xyz"]]
)
def test_wrong_requests(arguments, capsys):
    assert run(["verify", *arguments]) == 2
    assert capsys.readouterr().out == ""
