"""A sweep runs every combination once, and a failing cell does not stop the others."""

import pytest
import torch
from torch import nn

from archcost import sources
from archcost.errors import ArgumentError
from archcost.profiling.sweep import cases, sweep
from archcost.records import TimingPlan, Training
from archcost.sources import InputSpec

QUICK = TimingPlan(
    roof=False, threads=1, max_ns=10**7, max_warmup_ns=10**6, min_samples=1, min_ns=0, half_width=10.0, device="cpu"
)
IMAGE = InputSpec(shape=(3, 8, 8))


def swept(network, *, training=None, specs=(IMAGE,), **axes):
    return list(sweep(sources.wrap_module(network), cases(QUICK, specs, **axes), training=training))


def test_every_combination_comes_once_the_batch_changing_fastest():
    found = cases(
        QUICK, (IMAGE,), batches=(1, 2), dtypes=("float32", "bfloat16"), resolutions=(4, 8), compiled=(False, True)
    )

    assert len(found) == len(set(found)) == 16
    assert [(c.batch, c.plan.dtype, c.plan.compiled, c.specs[0].shape[1]) for c in found[:3]] == [
        (1, "float32", False, 4), (2, "float32", False, 4), (1, "bfloat16", False, 4),
    ]  # fmt: skip


def test_only_images_have_a_resolution():
    mask = InputSpec(shape=(7,), dtype="bool", name="mask")
    (case,) = cases(QUICK, (IMAGE, mask), resolutions=(16,))
    assert case.specs == (InputSpec(shape=(3, 16, 16)), mask)
    with pytest.raises(ArgumentError, match="--resolution needs an input with channels"):
        cases(QUICK, (mask,), resolutions=(16,))


class Picky(nn.Module):
    """Refuses batches above two, runs out of memory at three, and half precision altogether."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        if len(x) == 3:
            torch.empty(2**50)
        if len(x) > 3:
            raise ValueError("too many")
        if x.dtype == torch.bfloat16:
            raise TypeError("no halves")
        return self.conv(x)


def test_what_fails_in_one_cell_stops_no_other():
    found = swept(Picky(), batches=(0, 1, 3, 4, 2), dtypes=("float32", "tf32", "bfloat16"))

    outcomes = {(cell.batch, cell.plan.dtype): cell.outcome for cell in found}
    assert outcomes == {
        (0, "float32"): "failed", (1, "float32"): "timed", (2, "float32"): "timed",
        (3, "float32"): "out of memory", (4, "float32"): "failed",
        **{(batch, "tf32"): "failed" for batch in range(5)},
        **{(batch, "bfloat16"): "failed" for batch in (0, 1, 2, 4)}, (3, "bfloat16"): "out of memory",
    }  # fmt: skip
    messages = {(cell.batch, cell.plan.dtype): cell.message for cell in found}
    assert "nothing to time" in messages[0, "float32"]
    assert "too many" in messages[4, "float32"]
    assert "no halves" in messages[1, "bfloat16"]
    assert messages[1, "float32"] == ""


class Short(nn.Conv2d):
    """Runs out of memory on every real device."""

    def forward(self, x):
        if not x.is_meta:
            torch.empty(2**50)
        return super().forward(x)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_cell_that_runs_out_of_memory_has_what_it_needs(dtype):
    (cell,) = swept(Short(3, 4, 3), batches=(5,), dtypes=(dtype,), channels_last=(True,))
    size = {"float32": 4, "bfloat16": 2}[dtype]
    blocks = [3 * 4 * 9 * size, 4 * size, 5 * 3 * 64 * size, 5 * 4 * 36 * size]  # weights, biases, images, maps

    assert cell.outcome == "out of memory"
    assert cell.predicted_bytes == sum(-(-block // 512) * 512 for block in blocks)
    assert "ran out of memory on cpu: by a walk on the meta device it needs" in cell.message


def test_a_timed_cell_has_its_exact_costs_beside_the_sample():
    small, large = swept(nn.Conv2d(3, 4, 3), batches=(1, 2))

    assert (small.macs, large.macs) == (4 * 27 * 36, 2 * 4 * 27 * 36)
    assert small.predicted_bytes < large.predicted_bytes
    assert (small.sample.images, large.sample.images) == (1, 2)
    assert small.inputs == ("3x8x8",)


def test_training_is_timed_as_whole_steps():
    (cell,) = swept(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()), training=Training(optimizer="sgd"))

    assert cell.train == "sgd"
    assert cell.macs == 2 * 4 * 27 * 36  # forward, and the weights' gradient; the first layer's input needs none
    assert [row.name for row in cell.sample.layers.rows if row.role == "phase"] == ["loss", "backward", "step"]


def test_cells_come_one_by_one_so_that_none_is_lost_when_the_user_stops():
    cells = sweep(sources.wrap_module(nn.Conv2d(3, 4, 3)), cases(QUICK, (IMAGE,), batches=(1, 2, 3)))
    first = next(cells)
    with pytest.raises(KeyboardInterrupt):
        cells.throw(KeyboardInterrupt())
    assert first.outcome == "timed"


def test_a_network_that_fails_only_when_it_is_compiled_is_a_failed_cell(monkeypatch):
    def broken(module, *args, **kwargs):
        def run(*inputs):
            raise RuntimeError("the compiler gave up")

        return run

    monkeypatch.setattr(torch, "compile", broken)
    eager, compiled = swept(nn.Conv2d(3, 4, 3), compiled=(False, True))

    assert (eager.outcome, compiled.outcome) == ("timed", "failed")
    assert "ran when it was walked, and fails when it is compiled (torch.compile)" in compiled.message
    assert "the compiler gave up" in compiled.message
