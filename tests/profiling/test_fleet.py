"""Times and ceilings of a fleet: one device of each type; rows name their device."""

import csv
import json

import pytest

from archcost.cli import run
from archcost.profiling.ceilings import find_place, measure_ceilings
from archcost.records import Ceiling, Copy, Failure, Roof, Sweeping

TYPES = ["--engine", "ray", "--accelerator", "H100", "--accelerator", "A100", "--device", "cpu", "--threads", "1"]
ROOF = Roof(
    device="NVIDIA H200", driver="570.1", torch="2", threads=None, copies=(Copy(nbytes=64, bytes_per_second=4e9),),
    flops_per_second={"float32": 7e12},
)  # fmt: skip
FOUND = Ceiling(roof=ROOF, kept="roof.json", clock_hz=1_980_000_000, memory_clock_hz=3_201_000_000)


@pytest.fixture
def on_nodes(nodes, monkeypatch, tmp_path):
    import ray

    ray.shutdown()
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_csv(text):
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.extras
def test_one_device_of_each_type_is_measured_and_a_journal_has_it(on_nodes, capsys):
    asked = ["device", *TYPES, "--journal", "roofs.jsonl"]
    assert run([*asked, "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    rows = read_csv(out)
    assert {row["accelerator"] for row in rows} == {"H100", "A100"}
    products = [row for row in rows if row["ceiling"] == "float32 products"]
    assert len(products) == 2
    assert all(float(row["measured_per_second"]) > 0 for row in products)
    assert err.count("not kept") + err.count("on H100") + err.count("on A100") >= 2

    lines = (on_nodes / "roofs.jsonl").read_text()
    assert run([*asked, "--format", "csv"]) == 0
    assert capsys.readouterr().out == out
    assert (on_nodes / "roofs.jsonl").read_text() == lines
    assert lines.count("\n") == 2


@pytest.mark.extras
@pytest.mark.usefixtures("on_nodes")
def test_a_network_is_timed_on_one_node_of_each_type(capsys):
    asked = ["time", "lenet5", *TYPES, "--max-time", "0.02", "--no-layers", "--batch", "1,2", "-q", "--format", "csv"]
    assert run(asked) == 0
    rows = read_csv(capsys.readouterr().out)
    assert [row["batch"] for row in rows] == ["1", "2", "1", "2"]
    assert all(row["outcome"] == "timed" and row["device"] for row in rows)


@pytest.mark.extras
@pytest.mark.usefixtures("on_nodes")
def test_a_device_that_no_node_has_is_a_failure_of_its_own(capsys):
    asked = ["device", "--engine", "ray", "--accelerator", "H100", "--device", "cuda:7"]
    assert run(asked) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "H100: --device cuda:7" in err
    assert err.endswith("archcost: 1 of 1 devices could not be measured\n")


def answer_for_types(device, threads, fleets):
    """Answer requests for a fleet, with one failing type."""
    for fleet in fleets:
        failure = Failure(spec=device, error="NoDeviceError", reason="torch finds no GPU here")
        yield fleet, failure if fleet.accelerator == "A100" else FOUND


def test_rows_are_keyed_by_type_device_driver_and_clocks_and_a_type_that_fails_stops_no_other(monkeypatch, capsys):
    monkeypatch.setattr("archcost.profiling.ceilings.measure_ceilings", answer_for_types)
    assert run(["device", *TYPES, "--format", "csv"]) == 3
    out, err = capsys.readouterr()
    rows = read_csv(out)
    key = {"accelerator": "H100", "device": "NVIDIA H200", "driver": "570.1", "clock_hz": "1980000000"}
    assert all(key.items() <= row.items() for row in rows)
    measured = {row["ceiling"]: row["measured_per_second"] for row in rows}
    assert measured["float32 products"] == "7000000000000.0"
    assert {row["ceiling"]: row["datasheet_per_second"] for row in rows}["float32 products"]
    assert "kept in roof.json, on H100" in err
    assert "A100: torch finds no GPU here" in err
    assert "1 of 2 devices could not be measured" in err


def test_a_fleet_is_json_a_table_and_parquet_too(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("archcost.profiling.ceilings.measure_ceilings", answer_for_types)
    asked = ["device", "--engine", "ray", "--accelerator", "H100"]
    assert run([*asked, "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["devices"]
    assert found["accelerator"] == "H100"
    assert found["memory_clock_hz"] == 3201000000
    assert found["measured"]["driver"] == "570.1"
    assert run(asked) == 0
    assert "H100 · clock 1.980 GHz · memory clock 3.201 GHz · driver 570.1" in capsys.readouterr().out
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run([*asked, "-o", str(tmp_path / "roofs.parquet")]) == 0
    assert parquet.read_table(tmp_path / "roofs.parquet").column("clock_hz").to_pylist()[0] == 1980000000


def test_types_are_those_of_a_cluster_that_measures(capsys):
    assert run(["device", "--accelerator", "H100"]) == 2
    assert "add --engine ray" in capsys.readouterr().err
    assert run(["device", "--engine", "ray", "--accelerator", "H100", "--datasheet", "NVIDIA H200"]) == 2
    assert "leave --accelerator out" in capsys.readouterr().err


def test_a_journal_keeps_devices_apart(monkeypatch, tmp_path):
    """A second machine that continues a journal does not take over the first machine's times and ceilings."""
    here = Sweeping(journal=str(tmp_path / "j"))
    monkeypatch.setattr("archcost.profiling.ceilings.measure_ceiling", measure_nothing)
    names = iter(["Xeon", "Xeon", "EPYC"])
    monkeypatch.setattr("archcost.clock.conditions.identity", lambda *_: (next(names), None))
    found = [row for _ in range(3) for _, row in measure_ceilings("cpu", 1, [here])]
    assert found == [FOUND] * 3
    assert (tmp_path / "j").read_text().count("\n") == 2
    assert find_place("cpu", Sweeping()) is None


def measure_nothing(device, keep, options):
    return FOUND
