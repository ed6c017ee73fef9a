"""The comparison with a GPU, measured on the CPU instead; and its committed report."""

import pytest
import torch
from peer_packages import peer
from real_memory import inference_peak, training_peak

from archcost import zoo
from benchmarks.as_it_comes import Page
from benchmarks.memory_gpu import BATCHES, LIMIT, NETWORKS, REPORT, Case, Line, Measured, all_cases, write

CASES = [
    Case(network="lenet5_simple", batch=batch, training=training) for batch in (1, 3) for training in (False, True)
]


def on_cpu(case):
    entry = zoo.REGISTRY.find(case.network)
    network, images = zoo.build(entry), torch.randn(case.batch, *entry.input)
    if case.training:
        peak = training_peak(network, images, "momentum", block=512)
    else:
        peak = inference_peak(network, images, block=512)
    return Measured(allocated=peak, tensors=peak)


def test_every_prediction_is_what_is_measured(tmp_path):
    lines = write(Page(tmp_path / "report.md", 600), CASES, on_cpu, "On this CPU.")
    text = (tmp_path / "report.md").read_text()

    assert [line.off for line in lines] == [0.0] * 4
    assert "not been run" not in text
    assert text.count("+0.00 %") == 4
    assert "On this CPU." in text


def test_a_machine_that_goes_away_takes_no_line_along(tmp_path):
    def measure(case):
        if case.training:
            raise KeyboardInterrupt
        return Measured(allocated=1000, tensors=1000)

    with pytest.raises(KeyboardInterrupt):
        write(Page(tmp_path / "report.md", 600), CASES, measure, "On this CPU.")
    assert "| lenet5_simple | 1 | inference |" in (tmp_path / "report.md").read_text()


def test_a_prediction_that_is_off_and_a_case_that_does_not_fit():
    off = Line(case=CASES[0], predicted=9700, measured=Measured(allocated=10_000, tensors=9000))
    missing = Line(case=CASES[1], predicted=10**15, measured="out of memory")

    assert off.off == pytest.approx(-0.03)
    assert abs(off.off) > LIMIT > abs(missing.off)
    assert str(off) == "| lenet5_simple | 1 | inference | 9.700 kB | 10.00 kB | -3.00 % | 9.000 kB | 1.000 kB |"
    assert "| out of memory |" in str(missing)


@pytest.mark.peers
def test_what_is_committed_begins_with_the_predictions():
    peer("timm")
    text = REPORT.read_text(encoding="utf-8")
    rows = [line.rstrip("| ") for line in text.splitlines() if line.startswith("| ")][1:]

    assert len(rows) == 1 + len(NETWORKS) * len(BATCHES) * 2
    for case, row in zip(all_cases(), rows[1:], strict=True):
        if case.batch == BATCHES[0]:
            assert row.startswith(str(Line(case=case, predicted=case.predicted())).rstrip("| "))
    measured = "off by" in rows[0]
    assert measured != ("has not been run on a GPU yet" in text)
