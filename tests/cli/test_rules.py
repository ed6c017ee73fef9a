"""`archcost rules`."""

import csv
import io
import json

import pytest

from archcost.cli import run
from archcost.rules import RULES


def rules(capsys, *arguments):
    code = run(["rules", *arguments])
    return code, capsys.readouterr()


def test_every_operator_is_listed(capsys):
    code, captured = rules(capsys, "--format", "csv")

    assert code == 0
    assert {row["operator"] for row in csv.DictReader(io.StringIO(captured.out))} == set(RULES)


def test_one_operator_is_explained(capsys):
    _, captured = rules(capsys, "aten.addmm")

    assert "macs = n * m * p" in captured.out
    assert "Not counted: the addition." in captured.out
    assert "Autocast: half precision on cpu; half precision on cuda." in captured.out


@pytest.mark.parametrize(("operator", "cpu", "cuda"), [("aten.mm", "lower", "lower"), ("aten.pow", "", "full")])
def test_autocast_is_what_torch_registers(capsys, operator, cpu, cuda):
    _, captured = rules(capsys, operator, "--format", "json")

    (record,) = json.loads(captured.out)
    assert (record["autocast_cpu"], record["autocast_cuda"]) == (cpu, cuda)


def test_an_unknown_operator_is_refused_with_the_nearest_name(capsys):
    code, captured = rules(capsys, "convolutoin")

    assert code == 2
    assert "no operator matches 'convolutoin'; did you mean convolution," in captured.err
