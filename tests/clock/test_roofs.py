"""Roofs: the best attainable rate of a row, stored between runs, and a row's share of it."""

import json
from dataclasses import replace

import pytest
import torch
from clock.fake_clock import FakeClock
from clock.virtual_cuda import VirtualCuda

from archcost.clock import roofs
from archcost.clock.cuda import CudaClock
from archcost.clock.kinds import KINDS
from archcost.clock.roofs import all_dtypes, cache_file, roof_of
from archcost.clock.wall import WallClock
from archcost.errors import ClockError
from archcost.records import Copy, DeviceState, Roof, compute_achieved

CPU = torch.device("cpu")
GB = 10**9
ROOF = Roof(
    device="made up",
    driver=None,
    torch="2",
    threads=1,
    copies=(
        Copy(nbytes=10**3, bytes_per_second=2 * GB),  # too small: the call itself dominates
        Copy(nbytes=10**5, bytes_per_second=100 * GB),
        Copy(nbytes=10**7, bytes_per_second=50 * GB),
        Copy(nbytes=10**9, bytes_per_second=10 * GB),
    ),
    flops_per_second={"float32": 1000 * GB},
)


@pytest.mark.parametrize(
    ("nbytes", "rate"), [(0, 100), (10**3, 100), (10**5, 100), (10**5 + 1, 50), (10**8, 10), (10**12, 10)]
)
def test_the_ceiling_for_a_size_is_the_fastest_copy_of_at_least_that_size(nbytes, rate):
    assert ROOF.bytes_per_second(nbytes) == rate * GB


def test_what_no_cache_holds_is_as_fast_as_the_largest_copy():
    assert ROOF.memory_bytes_per_second == 10 * GB


def test_a_row_that_multiplies_much_is_bound_by_arithmetic():
    """10^9 multiply-adds are 2 ms at 1 TFLOP/s, 10^7 bytes 0.2 ms at 50 GB/s; it took 4 ms."""
    done = compute_achieved(10**9, 10**7, 0.004, ROOF, "float32")

    assert done.bound == "arithmetic"
    assert done.share == pytest.approx(0.5)
    assert done.flops_per_second == pytest.approx(500 * GB)
    assert done.bytes_per_second == pytest.approx(2.5 * GB)
    assert done.intensity == pytest.approx(200)


def test_a_row_that_only_moves_is_bound_by_memory():
    done = compute_achieved(0, 10**9, 0.2, ROOF, "float32")

    assert (done.bound, done.share) == ("memory", pytest.approx(0.5))


def test_without_a_ceiling_there_is_no_share():
    done = compute_achieved(10**9, 10**7, 0.004, ROOF, "float16")
    assert (done.share, done.bound) == (None, None)
    assert compute_achieved(10**9, 10**7, 0.004, None, "float32").share is None
    assert compute_achieved(10**9, None, 0.004, ROOF, "float32").bound is None
    assert compute_achieved(0, 0, 0.004, ROOF, "float32") is None


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Make a roof measurable in milliseconds, and store it in a separate folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(roofs, "_disturbance", lambda *_: None)
    monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], copies=(2**12, 2**16), products=(16, 32)))
    return tmp_path


def test_a_roof_is_measured_once_for_each_dtype_and_kept(small, monkeypatch):
    first = roof_of(CPU, ("float32",), WallClock())
    assert [copy.nbytes for copy in first.copies] == [2**12, 2**16]
    assert first.flops_per_second["float32"] > 0
    assert cache_file(CPU).is_file()
    assert cache_file(CPU).is_relative_to(small / "archcost")

    measured = []
    product = roofs._product
    monkeypatch.setattr(roofs, "_product", lambda dtype, *rest: measured.append(dtype) or product(dtype, *rest))
    assert roof_of(CPU, ("float32",), WallClock()) == first
    more = roof_of(CPU, ("float32", "float64"), WallClock())
    assert measured == ["float64"]
    assert more.copies == first.copies
    assert set(more.flops_per_second) == {"float32", "float64"}
    assert roof_of(CPU, ("float32", "float64"), WallClock()) == more


def test_a_fresh_roof_is_measured_again(small):
    path = cache_file(CPU)
    roof_of(CPU, ("float32",), WallClock())
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"flops_per_second": {"float32": 1.5}}))
    assert roof_of(CPU, ("float32",), WallClock()).flops_per_second == {"float32": 1.5}
    assert roof_of(CPU, ("float32",), WallClock(), fresh=True).flops_per_second["float32"] > 1.5


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "archcost.roof/1"}', '{"schema": "archcost.roof/2"}', "[1]"])
def test_a_broken_cache_is_measured_again(small, text):
    path = cache_file(CPU)
    path.parent.mkdir(parents=True)
    path.write_text(text)

    assert roof_of(CPU, ("float32",), WallClock()).flops_per_second["float32"] > 0


def test_a_cache_of_another_device_is_not_taken(small):
    path = cache_file(CPU)
    roof = roof_of(CPU, ("float32",), WallClock())
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"device": "another", "flops_per_second": {"float32": 1.5}}))

    again = roof_of(CPU, ("float32",), WallClock())
    assert again.device == roof.device
    assert again.flops_per_second["float32"] > 1.5


def test_a_cache_that_cannot_be_written_is_no_failure(small, monkeypatch):
    (small / "archcost").write_text("a file in the folder's place")
    assert roof_of(CPU, ("float32",), WallClock()).flops_per_second["float32"] > 0


def test_a_dtype_that_the_device_lacks_has_no_ceiling(small):
    assert roof_of(CPU, ("tf32",), WallClock()).flops_per_second == {}
    assert "tf32" not in all_dtypes(CPU)
    assert "bfloat16" in all_dtypes(CPU)


def test_measuring_a_roof_leaves_the_switches_of_torch(small):
    before = torch.backends.cuda.matmul.fp32_precision
    roof_of(CPU, ("float32",), WallClock())
    assert torch.backends.cuda.matmul.fp32_precision == before


def test_the_file_is_one_for_each_number_of_threads(small):
    here = cache_file(CPU)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert cache_file(CPU) != here
    finally:
        torch.set_num_threads(threads)


def test_a_roof_that_a_busy_machine_measured_is_not_kept(small, monkeypatch):
    monkeypatch.setattr(roofs, "_disturbance", lambda *_: "the CPU has other work")
    roof = roof_of(CPU, ("float32",), WallClock())

    assert roof.disturbed == "the CPU has other work"
    assert not cache_file(CPU).exists()


def test_a_machine_is_busy_by_its_load_or_by_what_this_thread_did_not_get(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(roofs, "state", lambda *_: DeviceState(load=0.0))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    quiet, busy = DeviceState(load=0.1), DeviceState(load=3.0)

    assert roofs._disturbance(CPU, quiet, 100, 99) is None
    assert roofs._disturbance(CPU, quiet, 100, 60) == "the CPU did something else for 40.0 % of the time"
    assert "load 3.0 on 2 cores" in roofs._disturbance(CPU, busy, 100, 99)


def test_a_ceiling_is_the_devices_and_not_the_hosts():
    """The host needs 30 us to launch 10 us of work: if the device is held, it shows its own time."""
    clock = FakeClock(queues=True)
    assert roofs._fastest(lambda: clock.work(30_000, 10_000), clock) == pytest.approx(10e-6)


def test_no_ceiling_is_made_of_tries_for_which_the_host_was_late(monkeypatch):
    """The queue is shorter than one try, and without a hold the device waits for the host each time."""
    clock = FakeClock(queues=True)
    monkeypatch.setattr(clock, "hold", lambda _: None)
    with pytest.raises(ClockError, match="the host is too slow to keep the device's queue full"):
        roofs._fastest(lambda: clock.work(30_000, 10_000), clock)


def test_a_device_that_queues_works_before_its_ceiling_is_measured():
    """Its clocks rise under load: the first tenth of a second does not count, and nothing is held."""
    clock, since, held = FakeClock(queues=True), [], []
    clock.hold = lambda ns, hold=clock.hold: held.append(clock.host) or hold(ns)

    def run():
        since.append(clock.host)
        clock.work(1000, 2_000_000 if clock.host < roofs.LOAD_NS else 1_000_000)

    assert roofs._fastest(run, clock) == pytest.approx(1e-3)
    assert max(since) > roofs.LOAD_NS
    assert min(held) >= roofs.LOAD_NS


@pytest.mark.parametrize(("load", "most"), [(0.0, 1.4), (3.0, 0.75)])
def test_a_roof_takes_the_less_time_where_others_work(small, monkeypatch, load, most):
    """Two copies and two products take 50 ms each, at least three times, with a limit of 0.2 s or 0.05 s for each.

    A quiet machine takes the fastest of all runs that fit; a crowded one runs once and then twice in a row.
    """
    clock = FakeClock()
    monkeypatch.setattr(roofs, "state", lambda *_: DeviceState(load=load))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    tried = roofs._fastest
    monkeypatch.setattr(roofs, "_fastest", lambda _, *rest: tried(lambda: clock.work(0, 50_000_000), *rest))
    roof_of(CPU, ("float32",), clock)

    assert clock.host <= most * 10**9
    assert clock.host >= 4 * 3 * 50_000_000


def test_a_roof_is_that_of_the_named_device(monkeypatch):
    """Its events, its holds and tensors without a device index belong to the current device."""
    cuda, seen = VirtualCuda(devices=2).install(monkeypatch), []
    monkeypatch.setattr(roofs, "_roof", lambda *_, **__: seen.append(torch.cuda.current_device()))
    for number in range(2):
        device = torch.device("cuda", number)
        roof_of(device, ("float32",), CudaClock(device))
    assert (seen, cuda.device) == ([0, 1], 0)
