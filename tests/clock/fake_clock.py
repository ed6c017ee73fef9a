"""A fake clock: work takes exactly the time that a test sets, on a host and on a separate device.

A module `Work` launches work: the host needs `host` nanoseconds to launch it, the device `device` nanoseconds to do it,
after the work before it. A clock without a queue is the CPU: the host does the work itself.
"""

from __future__ import annotations

import itertools

import torch
from torch import nn

from archcost.errors import ClockError
from archcost.records import MemoryUse

REPLAY_NS = 1000


class FakeClock:
    name = "fake events"
    resolution_ns = None

    def __init__(self, *, queues=False, depth=10**6, captures=True, memory=None, mark_ns=0):
        self.queues = queues
        self.host = 0
        self.device = 0
        self.finished = 0
        self.marks = 0
        self._depth, self._captures, self._memory, self._mark_ns = depth, captures, memory, mark_ns
        self._waiting = []
        self._replaying = False

    def now(self):
        return self.host

    def cpu(self):
        return self.host

    def work(self, host, device):
        """Launch work: on a device with a queue it starts when the device is free, but not before the launch."""
        self.host += 0 if self._replaying else host
        if not self.queues:
            self.host += device
            return
        if len(self._waiting) >= self._depth:  # a full queue makes the host wait for its first entry
            self.host = max(self.host, self._waiting[-self._depth])
        self.device = max(self.device, self.host) + device
        self._waiting.append(self.device)

    def mark(self):
        self.marks += 1
        self.work(self._mark_ns, 0)
        return self.device if self.queues else self.host

    def passed(self, mark):
        return self.host >= mark

    def hold(self, ns):
        if self.queues:
            self.work(0, round(ns))

    def drain(self):
        self.host = max(self.host, self.device)
        self._waiting.clear()

    def finish(self):
        self.finished += 1
        self.drain()

    def offsets(self, marks):
        return [mark - marks[0] for mark in marks]

    def rest(self, ns):
        self.drain()
        self.host += ns

    def capture(self, run):
        if not self._captures:
            raise ClockError("it asks for a value")

        def replay():
            self.host += REPLAY_NS
            self._replaying = True
            try:
                return run()
            finally:
                self._replaying = False

        return replay

    def peak_memory(self, run):
        run()
        return self._memory


class Work(nn.Module):
    """A leaf whose forward takes the next of its durations, in a cycle."""

    def __init__(self, clock, *device, host=0):
        super().__init__()
        self.clock = [clock]  # copying a network does not copy the clock
        self.host, self.durations = host, itertools.cycle(device)

    def forward(self, x):
        self.clock[0].work(self.host, next(self.durations))
        return x


MEMORY = MemoryUse(allocated_bytes=1000, reserved_bytes=2048)
ONES = torch.ones(1)
