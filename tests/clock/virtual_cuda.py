"""A virtual `torch.cuda` with fake times, under archcost's real clock of CUDA devices.

Devices run one command after another; each queue has a length, and a full one makes the host wait for its first entry.
As in torch, an event and `_sleep` go to the current stream of the current device, an event belongs to the device on
which it was first recorded, and a failed capture leaves (before torch 2.12) its stream current and the allocator
capturing, so that emptying the allocator's cache fails from then on.
"""

from __future__ import annotations

from collections import Counter, deque
from contextlib import contextmanager
from ctypes import c_float
from functools import partial
from types import SimpleNamespace

import torch
from torch import nn

READ_NS = 20  # the host's time to read its clock
EVENT_HOST_NS, EVENT_DEVICE_NS, QUERY_NS = 1500, 500, 500
SLEEP_HOST_NS, REPLAY_HOST_NS = 3000, 5000


class Stream:
    """One queue of a device."""

    def __init__(self, cuda, device):
        self.cuda, self.device = cuda, device
        self.free = 0  # the time when it will be idle
        self.busy = 0  # its total working time
        self.ends = deque()

    def launch(self, host_ns, device_ns, event=None):
        cuda = self.cuda
        cuda.host += host_ns
        if cuda.graph is not None:
            if event is not None and not event.external:
                raise RuntimeError("this event does not belong to the graph")
            if event is not None and cuda.refuses_external:
                cuda.breaks(cuda.refuses_external)
            cuda.graph.commands.append((device_ns, event))
            return
        while self.ends and self.ends[0] <= cuda.host:
            self.ends.popleft()
        if len(self.ends) >= cuda.depth:
            cuda.host = self.ends.popleft()
        self.do(device_ns, event)
        self.ends.append(self.free)

    def do(self, device_ns, event=None):
        self.free = max(self.free, self.cuda.host) + device_ns
        self.busy += device_ns
        if event is not None:
            event.at = self.free

    def wait_stream(self, other):
        self.free = max(self.free, other.free)


class Event:
    """An event with a time; it belongs to the device on which it was first recorded."""

    def __init__(self, cuda, *, enable_timing=False, external=False):
        self.cuda = cuda
        self.at = self.device = None
        self.timing, self.external = enable_timing, external

    def record(self, stream=None):
        stream = stream or self.cuda.current_stream()
        if self.device not in {None, stream.device}:
            raise RuntimeError(f"Event device {self.device} does not match device {stream.device}.")
        self.device = stream.device
        stream.launch(EVENT_HOST_NS, EVENT_DEVICE_NS, self)

    def query(self):
        if self.cuda.graph is not None:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.cuda.host += QUERY_NS
        return self.at is None or self.cuda.host >= self.at

    def elapsed_time(self, other):
        if self.at is None or other.at is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        if self.cuda.host < max(self.at, other.at):
            raise RuntimeError("Both events must be completed before calculating elapsed time.")
        return c_float((other.at - self.at) / 1e6).value


class Graph:
    """A captured graph."""

    def __init__(self, cuda):
        self.cuda, self.commands, self.broken = cuda, [], False

    def replay(self):
        stream = self.cuda.current_stream()
        self.cuda.host += REPLAY_HOST_NS
        for device_ns, event in self.commands:
            stream.do(device_ns, event)


class VirtualCuda:
    """Devices, streams, events, graphs and the allocator's counters, with the host's time beside them."""

    def __init__(self, *, devices=2, depth=1024, cycles_per_ns=1.98, sleeps=True, memory=(0, 1, 2)):
        self.host, self.depth, self.cycles_per_ns, self.sleeps = 0, depth, cycles_per_ns, sleeps
        self.default = [Stream(self, number) for number in range(devices)]
        self.streams = list(self.default)
        self.device = 0
        self.graph = None
        self.captures = set()  # pools that the allocator serves
        self.log = Counter()
        self.memory = memory
        self.refuses_external = None  # why an event cannot be part of a graph

    def now(self):
        self.host += READ_NS
        return self.host

    def current_stream(self, device=None):
        return self.streams[self.number(device)]

    def number(self, device=None):
        if device is None:
            return self.device
        index = device if isinstance(device, int) else torch.device(device).index
        return self.device if index is None else index

    def exchange_device(self, number):
        before, self.device = self.device, number
        return before

    def synchronize(self, device=None):
        stream = self.streams[self.number(device)]
        self.host = max(self.host, stream.free, self.default[self.number(device)].free)
        stream.ends.clear()

    def sleep(self, cycles):
        self.current_stream().launch(SLEEP_HOST_NS, int(cycles / self.cycles_per_ns))

    def rest(self, ns):
        self.synchronize()
        self.host += ns

    def set_stream(self, stream):
        self.streams[stream.device], self.device = stream, stream.device

    @contextmanager
    def stream(self, stream):
        before, device = self.current_stream(stream.device), self.device
        self.set_stream(stream)
        try:
            yield
        finally:
            self.set_stream(before)
            self.device = device

    def capturing(self, graph, pool=(0, 0), stream=None):
        """Return a capture like torch's up to 2.11: if its end fails, the cleanup after it does not run."""
        return Capture(self, graph, pool, stream or Stream(self, self.device))

    def empty_cache(self):
        self.log["empty_cache"] += 1
        if self.captures:
            raise RuntimeError("captures_underway.empty() INTERNAL ASSERT FAILED")

    def end_allocating(self, _device, pool):
        if pool not in self.captures:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.captures.remove(pool)

    def breaks(self, text):
        """Fail like an operation that captures forbid; outside of a capture it succeeds."""
        if self.graph is not None:
            self.graph.broken = True
            raise RuntimeError(text)

    def install(self, monkeypatch):
        """Replace torch's functions by the virtual ones."""
        for name, value in self.functions().items():
            monkeypatch.setattr(torch.cuda, name, value)
        if self.sleeps:
            monkeypatch.setattr(torch.cuda, "_sleep", self.sleep)
        else:
            monkeypatch.delattr(torch.cuda, "_sleep", raising=False)
        monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", self.end_allocating, raising=False)
        monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91300)
        from archcost.clock.cuda import CudaClock

        monkeypatch.setattr(CudaClock, "now", staticmethod(self.now))
        monkeypatch.setattr(CudaClock, "cpu", staticmethod(lambda: self.host))
        monkeypatch.setattr(CudaClock, "rest", lambda _, ns: self.rest(ns))
        return self

    def functions(self):
        """Return the replacements by name."""
        return {
            "Event": partial(Event, self),
            "Stream": lambda device=None: Stream(self, self.number(device)),
            "CUDAGraph": lambda: Graph(self),
            "graph": self.capturing,
            "graph_pool_handle": lambda: (0, len(self.captures) + 1),
            "stream": self.stream,
            "set_stream": self.set_stream,
            "current_stream": self.current_stream,
            "current_device": lambda: self.device,
            "device_count": lambda: len(self.default),
            "is_available": lambda: True,
            "is_initialized": lambda: True,
            "get_rng_state": lambda _=None: torch.zeros(1),
            "set_rng_state": lambda _state, _=None: None,
            "manual_seed_all": lambda _seed: None,
            "synchronize": self.synchronize,
            "empty_cache": self.empty_cache,
            "_exchange_device": self.exchange_device,
            "_maybe_exchange_device": self.exchange_device,
            "get_device_name": lambda _=None: "NVIDIA H200",
            "get_device_capability": lambda _=None: (9, 0),
            "memory_allocated": lambda _=None: self.memory[0],
            "max_memory_allocated": lambda _=None: self.memory[1],
            "max_memory_reserved": lambda _=None: self.memory[2],
            "reset_peak_memory_stats": lambda _=None: self.log.update(["reset"]),
        }


class Capture:
    """The context `torch.cuda.graph`."""

    def __init__(self, cuda, graph, pool, stream):
        self.cuda, self.graph, self.pool, self.stream = cuda, graph, pool, stream

    def __enter__(self):
        self.cuda.empty_cache()
        self.before = self.cuda.current_stream(self.stream.device)
        self.cuda.set_stream(self.stream)
        self.cuda.captures.add(self.pool)
        self.cuda.graph = self.graph

    def __exit__(self, *_):
        self.cuda.graph = None
        if self.graph.broken:
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
        self.cuda.captures.remove(self.pool)
        self.cuda.set_stream(self.before)


class Driver:
    """NVML of a virtual device: it draws fewer watts when idle than at work, and its clock is higher at work."""

    NVML_TEMPERATURE_GPU = 0

    def __init__(self, cuda, *, idle_watts=100, more_watts=400, held_back=0.0):
        self.cuda, self.idle_watts, self.more_watts, self.held_back = cuda, idle_watts, more_watts, held_back

    def nvmlSystemGetDriverVersion(self):  # noqa: N802 - NVML's own names
        return "580.65"

    def nvmlDeviceGetTotalEnergyConsumption(self, _):  # noqa: N802
        """Launched work counts at once, since readers have waited for the device."""
        busy = sum(stream.busy for stream in self.cuda.streams)
        return round((self.idle_watts * self.cuda.host + self.more_watts * busy) / 1e6)

    def nvmlDeviceGetClockInfo(self, _, kind):  # noqa: N802
        return {1: 1980 if self.works else 345, 2: 2619}[kind]

    def nvmlDeviceGetPowerUsage(self, _):  # noqa: N802
        return 1000 * (self.idle_watts + (self.more_watts if self.works else 0))

    @property
    def works(self):
        return self.cuda.current_stream().free > self.cuda.host

    def nvmlDeviceGetViolationStatus(self, _, _policy):  # noqa: N802
        return SimpleNamespace(violationTime=round(self.held_back * self.cuda.host))

    def install(self, monkeypatch):
        from archcost.clock.nvml import Nvml

        monkeypatch.setattr(Nvml, "find", classmethod(lambda cls, _: cls(self, "handle")))


class Kernel(nn.Module):
    """A leaf that launches kernels on the current stream of its tensors' device, like torch."""

    def __init__(self, cuda, *, host, device, on=0, launches=1, breaks=None):
        super().__init__()
        self.cuda = [cuda]  # copying a network does not copy it
        self.host, self.device, self.on, self.launches, self.breaks = host, device, on, launches, breaks

    def forward(self, x):
        (cuda,) = self.cuda
        if self.breaks:
            cuda.breaks(self.breaks)
        for _ in range(self.launches):
            cuda.streams[self.on].launch(self.host // self.launches, self.device // self.launches)
        return x
