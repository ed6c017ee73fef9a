"""The cause of a throttled device is named; torch's switches are restored; unknown values are None."""

import os
import sys
from dataclasses import fields
from types import SimpleNamespace

import pytest
import torch
from clock.virtual_cuda import VirtualCuda

from archcost.choices import GPUS
from archcost.clock.conditions import conditions, crowding, describe_unread, disturbances, identity, state
from archcost.clock.devices import clock_of, device_of
from archcost.clock.events import EventClock
from archcost.clock.kinds import KINDS, kind_of
from archcost.clock.nvml import Nvml
from archcost.clock.regime import autocast, check_dtype, regime, torch_dtype
from archcost.clock.wall import WallClock
from archcost.errors import ArgumentError, ClockError, NoDeviceError
from archcost.records import DeviceState, TimingPlan

CPU = torch.device("cpu")
NO_GPU = not torch.cuda.is_available()


OWNERS = (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn)


def switches():
    return {
        "threads": torch.get_num_threads(),
        "benchmark": torch.backends.cudnn.benchmark,
        "older": [torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32],
        "newer": [owner.fp32_precision for owner in OWNERS],
        "precision": torch.get_float32_matmul_precision(),
    }


@pytest.mark.parametrize("dtype", [None, "float32", "tf32", "bfloat16"])
def test_the_switches_of_torch_are_put_back(dtype):
    before = switches()
    inside = {}

    def fails():
        with regime(TimingPlan(dtype=dtype, threads=1, cudnn_benchmark=True)):
            inside.update(switches())
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fails()

    assert (inside["threads"], inside["benchmark"]) == (1, True)
    assert inside["older"] == (before["older"] if dtype is None else [dtype == "tf32"] * 2)
    assert switches() == before


def test_switches_set_by_their_newer_names_are_put_back():
    before = [owner.fp32_precision for owner in OWNERS]
    try:
        for owner, value in zip(OWNERS, ("ieee", "tf32", "ieee"), strict=True):
            owner.fp32_precision = value
        with regime(TimingPlan(dtype="tf32")):
            assert [owner.fp32_precision for owner in OWNERS] == ["tf32"] * 3
        assert [owner.fp32_precision for owner in OWNERS] == ["ieee", "tf32", "ieee"]
    finally:
        for owner, value in zip(OWNERS, before, strict=True):
            owner.fp32_precision = value


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_the_precision_of_products_is_put_back(precision):
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        with regime(TimingPlan(dtype="float32")):
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == precision
    finally:
        torch.set_float32_matmul_precision(before)


def test_autocast_is_used_where_it_is_asked_for():
    x = torch.ones(2, 2)
    with autocast(TimingPlan(amp="bf16"), CPU):
        assert (x @ x).dtype == torch.bfloat16
    with autocast(TimingPlan(dtype="bfloat16"), CPU):
        assert (x @ x).dtype == torch.float32


def test_tf32_is_a_way_to_multiply_float32_which_the_cpu_lacks():
    assert torch_dtype("tf32") == torch.float32
    with pytest.raises(ClockError, match="the CPU has no tf32"):
        check_dtype("tf32", CPU)
    check_dtype("bfloat16", CPU)


def test_a_limit_that_held_the_device_back_is_named():
    before = DeviceState(held_back_ns={"CPU quota": 5, "heat": 0}, throttle_reasons=("idle",))
    after = DeviceState(held_back_ns={"CPU quota": 9, "heat": 0}, throttle_reasons=("power cap", "application clocks"))

    assert list(disturbances(before, after, 16)) == [
        "throttled: CPU quota for 25.0 % of the time, power cap at one of two looks"
    ]
    assert list(disturbances(after, after, 16)) == ["throttled: power cap at both looks"]
    assert list(disturbances(before, before, 16)) == []


def test_other_processes_are_named():
    (text,) = disturbances(DeviceState(other_processes=0), DeviceState(other_processes=2), 1)
    assert text == "the device is shared: 2 other processes on it"


def test_a_cpu_that_has_other_work_is_told(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert crowding(DeviceState(load=2.25), threads=2) == "the CPU has other work: load 2.2 on 2 cores before it began"
    assert crowding(DeviceState(load=2.0), threads=1) is not None
    assert crowding(DeviceState(load=1.9), threads=1) is None
    assert crowding(DeviceState(load=0.9), threads=2) is None
    assert crowding(DeviceState(), threads=2) is None  # unknown


def test_conditions_say_what_is_known_and_none_for_the_rest():
    found = conditions(CPU, None, state(CPU, None), state(CPU, None))

    assert found.device
    assert (found.driver, found.cudnn, found.before.watts, found.before.clock_hz) == (None, None, None, None)
    assert found.threads == torch.get_num_threads()
    assert found.before.load >= 0


class Library:
    """Imitates NVML's Python binding; a missing function here means an unsupported one on a GPU."""

    NVML_TEMPERATURE_GPU = 0

    def nvmlSystemGetDriverVersion(self):  # noqa: N802 - NVML's own names
        return "580.65"

    def nvmlDeviceGetClockInfo(self, handle, kind):  # noqa: N802
        return {1: 1980, 2: 2619}[kind]

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle):  # noqa: N802
        return 0x1 | 0x4 | 0x20

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return 312_500

    def nvmlDeviceGetViolationStatus(self, handle, policy):  # noqa: N802
        if policy:
            raise RuntimeError("not supported")
        return SimpleNamespace(violationTime=12)

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        raise RuntimeError("no permission")


def test_the_driver_is_asked_and_what_it_refuses_is_none():
    nvml = Nvml(Library(), "handle")

    assert nvml.driver == "580.65"
    assert nvml.energy_mj is None
    assert nvml.state() == DeviceState(
        clock_hz=1_980_000_000,
        memory_clock_hz=2_619_000_000,
        watts=312.5,
        throttle_reasons=("idle", "power cap", "heat"),
        held_back_ns={"power cap": 12},
    )


def test_the_cpu_has_no_nvml():
    assert Nvml.of(CPU) is None
    assert identity(CPU, None).driver is None
    assert conditions(CPU, None, state(CPU, None), state(CPU, None)).unread == ()


class Sliced(Library):
    """A partitioned GPU: "part" belongs to "whole", which counts the energy and has two processes, one of them ours."""

    def nvmlDeviceIsMigDeviceHandle(self, handle):  # noqa: N802
        return handle == "part"

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle):  # noqa: N802
        return "whole"

    def nvmlDeviceGetMigMode(self, handle):  # noqa: N802
        assert handle == "whole"
        return [1, 1]

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        return 10**6

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        return [SimpleNamespace(pid=pid) for pid in ([os.getpid()] if handle == "part" else [os.getpid(), 7])]


@pytest.mark.parametrize(("handle", "others"), [("part", 0), ("whole", None)])
def test_a_part_of_a_gpu_has_the_clocks_of_the_whole_and_no_power_of_its_own(handle, others):
    nvml = Nvml(Sliced(), handle)
    found = nvml.state()

    assert found.clock_hz == 1_980_000_000
    assert (found.watts, nvml.energy_mj, found.other_processes) == (None, None, others)
    assert "a part of a GPU (MIG)" in nvml.limits


@pytest.mark.parametrize(
    ("known", "uuid", "part"), [("GPU-1", "1", False), ("MIG-1", "1", True), (None, "1", None)], ids=str
)
def test_a_gpu_is_found_by_its_uuid_also_where_it_is_a_part(known, uuid, part, monkeypatch):
    """Without both, the reason is named."""

    class Error(Exception):
        pass

    def find(asked):
        if asked != known:
            raise Error("not found")
        return "part" if part else "one"

    library = Sliced() if part else Library()
    library.nvmlInit, library.NVMLError, library.nvmlDeviceGetHandleByUUID = (lambda: None), Error, find
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(uuid=uuid), raising=False)
    found = Nvml.find(torch.device("cuda", 0))

    if part is None:
        assert found == "NVML refuses: not found"
        assert Nvml.of(torch.device("cuda", 0)) is None
    else:
        assert found.part == part


def test_what_could_not_be_read_of_a_gpu_is_listed(monkeypatch):
    VirtualCuda().install(monkeypatch)
    gpu, nvml = torch.device("cuda", 0), Nvml(Library(), "handle")
    found = conditions(gpu, nvml, nvml.state(), nvml.state())
    nothing = conditions(gpu, None, DeviceState(), DeviceState())

    assert found.unread == ("celsius", "other_processes", "energy")
    assert describe_unread(found.unread, None) == (
        "the device did not tell: the temperature, other processes, the energy"
    )
    assert set(nothing.unread) == {"energy", *(f.name for f in fields(DeviceState))} - {"load"}
    assert describe_unread(("energy",), "no NVML") == "the device did not tell: the energy (no NVML)"
    assert describe_unread((), "no NVML") is None


@pytest.mark.skipif(not NO_GPU, reason="there is one here")
def test_a_device_that_is_not_here_is_an_error():
    with pytest.raises(NoDeviceError, match="no CUDA device"):
        device_of("cuda")
    assert device_of("auto") == CPU
    assert isinstance(clock_of(CPU), WallClock)


@pytest.mark.parametrize("name", ["meta", "vulkan", "tpu9", ""])
def test_nothing_is_timed_where_nothing_runs(name):
    with pytest.raises(ArgumentError, match="auto, cpu, xpu, mps, cuda"):
        device_of(name)


def test_the_wall_clock_tells_the_time():
    clock = WallClock()
    marks = [clock.mark() for _ in range(3)]

    assert clock.offsets(marks)[0] == 0
    assert clock.offsets(marks) == sorted(clock.offsets(marks))
    assert clock.passed(marks[-1])
    clock.hold(10**12)
    clock.finish()
    with pytest.raises(ClockError, match="only CUDA"):
        clock.capture(list)
    assert clock.peak_memory(list) is None


class Shared(Library):
    """A GPU with processes, by the driver's process numbers."""

    def __init__(self, *pids):
        self.pids = pids

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        return [SimpleNamespace(pid=pid) for pid in self.pids]


@pytest.mark.parametrize(
    ("pids", "has_memory", "others"),
    [
        (["own"], True, 0),
        (["own", 7], True, 1),
        ([7], True, 0),  # in a container: this process under the host's number
        ([7, 8], True, 1),
        ([], True, None),  # in a container that hides them all
        ([7], False, 1),
    ],
)
def test_a_process_does_not_count_itself_under_another_number(pids, has_memory, others, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: has_memory)
    numbers = [os.getpid() if pid == "own" else pid for pid in pids]
    assert Nvml(Shared(*numbers), "handle").state().other_processes == others


def test_each_kind_of_device_stands_in_one_table():
    assert set(KINDS) == {*GPUS, "cpu"}
    for name, kind in KINDS.items():
        assert kind.dtypes[0] == "float32"
        assert kind.copies == tuple(sorted(kind.copies))
        assert kind_of(torch.device(name)) is kind
    assert kind_of(torch.device("meta")) is KINDS["cpu"]


@pytest.mark.parametrize("name", ["mps", "xpu"])
def test_other_kinds_of_gpus_are_timed_by_their_own_events(name, monkeypatch):
    """On an immediate device: the calls of torch's module of that kind, and missing functions."""
    called = []
    module = SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 1,
        synchronize=lambda *device: called.append(device),
        Event=lambda *, enable_timing: SimpleNamespace(
            record=lambda: called.append(enable_timing), query=lambda: True, elapsed_time=lambda _: 0.25
        ),
    )
    clock = EventClock(torch.device(name, 0), "their events", module)
    marks = [clock.mark() for _ in range(3)]
    clock.finish()

    assert clock.offsets(marks) == [0, 250_000, 500_000]
    assert called == [True, True, True, () if name == "mps" else (torch.device(name, 0),)]
    assert clock.peak_memory(list) is None
    with pytest.raises(ClockError, match="only CUDA"):
        clock.capture(list)
    if not KINDS[name].count:
        with pytest.raises(NoDeviceError, match=f"torch finds no {name.upper()} device here"):
            device_of(name)


def test_a_device_that_is_one_too_many_is_an_error(monkeypatch):
    VirtualCuda(devices=2).install(monkeypatch)

    assert device_of("auto") == torch.device("cuda", 0)
    assert device_of("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(NoDeviceError, match="there is cuda:0 to cuda:1"):
        device_of("cuda:2")
