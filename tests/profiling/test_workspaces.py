"""GPU memory of libraries: measured by a timed run on a virtual GPU, stored, and added by `fit`."""

import json
from dataclasses import replace

import pytest
import torch
from clock.virtual_cuda import Driver, VirtualCuda
from torch import nn

import archcost
from archcost.account.overhead import CONTEXT_LEAST, CONTEXT_MOST, CUBLAS_LARGE
from archcost.clock.cuda import CudaClock
from archcost.clock.measure import measure
from archcost.profiling import timed
from archcost.records import TimingPlan
from archcost.sources import parse_input

MIB = 2**20
WIDTH, BATCH = 1024, 256
INPUT = [parse_input(str(WIDTH))]
QUICK = TimingPlan(roof=False, layers=False, max_ns=10**7, max_warmup_ns=10**6, min_samples=2, min_ns=0, half_width=9)


def linear(outputs=WIDTH):
    return nn.Linear(WIDTH, outputs, bias=False)


@pytest.fixture
def gpu(monkeypatch, tmp_path):
    """Return a virtual H200: its allocator reports a peak of 46 MiB, while a layer, its input and output take 6."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cuda, device = VirtualCuda(memory=(10 * MIB, 46 * MIB, 64 * MIB)).install(monkeypatch), torch.device("cuda", 0)
    Driver(cuda).install(monkeypatch)

    def measure_there(job, plan, *_):
        def whole():  # the walk ran the layer itself
            cuda.current_stream().launch(8 * 10**3, 10**7)

        return measure(replace(job, whole=whole, phases=(("forward", whole),)), plan, CudaClock(device), device)

    monkeypatch.setattr(timed, "measure", measure_there)
    return cuda


def time_on(network, batch=BATCH, plan=QUICK, **rest):
    return archcost.profile(network, torch.ones(batch, network.in_features), device="cpu", time=plan, **rest)


def fit(network=None, **rest):
    return archcost.fit(network or linear(), **{"device_name": "h200", "batch": BATCH, "inputs": INPUT, **rest})


def test_a_timed_run_says_what_libraries_take_and_fit_counts_it(gpu):
    """46 - 6 = 40 MiB: on top of 22 MiB in segments (20 for the weights, 2 for input and output) and the context."""
    before = fit()
    time_on(linear())
    found = fit()

    assert (before.workspace, before.overheads["cuBLAS workspaces"]) == (None, (CUBLAS_LARGE, CUBLAS_LARGE))
    assert (found.workspace.nbytes, found.workspace.batch, found.workspace.driver) == (40 * MIB, BATCH, "580.65")
    assert found.overheads == {
        "CUDA context": (CONTEXT_LEAST, CONTEXT_MOST), "measured workspaces": (40 * MIB, 40 * MIB)
    }  # fmt: skip
    assert found.need_of(found.points[0]) == 62 * MIB + CONTEXT_MOST
    assert "unknown before it is measured" in str(before)
    assert "have not been compared with a GPU yet" in str(before)
    assert "unknown" not in str(found)
    assert "cuBLAS and cuDNN were measured at a batch of 256 (driver 580.65, torch" in str(found)


def test_the_largest_of_several_batches_counts(gpu):
    """10 MiB exist before an iteration, 5 of them weights and input: libraries keep at least 5."""
    time_on(linear())
    gpu.memory = (10 * MIB, 5 * MIB, 64 * MIB)
    time_on(linear(), batch=128)
    assert (fit(batch=128).workspace.nbytes, fit().workspace.batch) == (40 * MIB, BATCH)
    time_on(linear())  # the same batch size again: the last measurement is kept
    assert (fit().workspace.nbytes, fit().workspace.batch) == (5.5 * MIB, 128)


@pytest.mark.parametrize(
    ("asked", "rest"),
    [
        (lambda: linear(512), {}),  # the same name, other parameters
        (linear, {"mode": "train"}),
        (linear, {"amp": "bf16"}),
        (linear, {"device_name": "a100"}),
    ],
)
def test_what_was_measured_of_another_run_does_not_count(gpu, asked, rest):
    time_on(linear())
    assert fit(asked(), **rest).workspace is None


def test_another_torch_has_other_libraries(gpu, monkeypatch):
    time_on(linear())
    monkeypatch.setattr(torch, "__version__", "2.99.0")
    assert fit().workspace is None


def test_what_cannot_be_read_is_not_known(gpu, tmp_path):
    time_on(linear())
    (kept,) = (tmp_path / "archcost").glob("workspaces-nvidia-h200-580.65-*-linear.json")
    assert json.loads(kept.read_text())["found"][0]["nbytes"] == 40 * MIB
    kept.write_text("{")
    assert fit().workspace is None


def test_a_cpu_keeps_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    time_on(linear(), batch=2)
    assert not list(tmp_path.rglob("workspaces*"))
