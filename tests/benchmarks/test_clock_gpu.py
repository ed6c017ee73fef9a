"""The parts of the clock's comparison with the profiler that need no GPU."""

import pytest
import torch
from torch import nn
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from benchmarks import clock_gpu
from benchmarks.as_it_comes import Page
from benchmarks.clock_gpu import Named, spearman, sum_kernels, write
from benchmarks.gpu_questions import Answer


def test_each_call_of_a_leaf_has_its_name_in_the_profile():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.Flatten()))

    with Named(network), profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiled:
        network(torch.ones(1, 1, 4, 4))
    network(torch.ones(1, 1, 4, 4))  # the hooks are gone

    marks = [event.name for event in profiled.events() if event.name.startswith(Named.MARK)]
    assert marks == ["leaf:0", "leaf:1.0", "leaf:1.1"]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


@pytest.mark.parametrize(
    ("one", "other", "rank"), [([1, 2, 3], [10, 40, 90], 1), ([1, 2, 3], [3, 2, 1], -1), ([1, 2, 3], [2, 1, 3], 0.5)]
)
def test_ranks_correlate(one, other, rank):
    assert spearman(one, other) == pytest.approx(rank)  # 1 - 6 * (sum of squared differences) / (n (n * n - 1))


def event(name, begin, end, device=DeviceType.CPU, *, annotation=False):
    return FunctionEvent(
        id=0, name=name, thread=1, start_us=begin, end_us=end, device_type=device, use_device="cuda",
        is_user_annotation=annotation,
    )  # fmt: skip


def test_each_kernel_is_counted_once():
    """In each of ten passes leaf a runs twice for 100 us, b once for 300, and 50 us run outside of leaves: 550 us."""
    events, now = [], 0
    for _ in range(10):
        for path, microseconds in (("a", 100), ("b", 300), ("a", 100), (None, 50)):
            operator = event("aten::conv", now + 2, now + 18)
            operator.append_kernel("k", 0, microseconds)
            events += [operator, event("k", now + 1000, now + 1000 + microseconds, DeviceType.CUDA)]
            if path:
                leaf = event(f"leaf:{path}", now, now + 20, annotation=True)
                leaf.append_cpu_child(operator)
                copy = event(f"leaf:{path}", now + 1000, now + 1000 + microseconds, DeviceType.CUDA, annotation=True)
                events += [leaf, copy]
            now += 400

    whole, calls = sum_kernels(events, 10)
    assert whole == 550_000
    assert calls == {("a", 0): 100_000, ("a", 1): 100_000, ("b", 0): 300_000}


class Time:
    """A clock that advances by the time of each line."""

    def __init__(self):
        self.seconds = 0

    def __call__(self):
        return self.seconds


def test_lines_are_written_as_they_come_and_what_there_is_no_time_for_is_named(tmp_path, monkeypatch):
    """Of 100 s three questions take 10 each; lines of 20 s fit three times, and then nothing fits."""
    time, path = Time(), tmp_path / "folder" / "report.md"
    seen = []

    def ask(answer, seconds=10):
        time.seconds += seconds
        seen.append(path.read_text().count("\n"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def line(network, batch, dtype):
        time.seconds += 20
        if network == "b":
            raise RuntimeError("too large\nfor it")
        return f"| {network} | {batch} | {dtype} |"

    monkeypatch.setattr(clock_gpu, "line", line)
    questions = {
        "one": lambda: ask(Answer("1", right=True)),
        "two": lambda: ask(Answer("2")),
        "three": lambda: ask(ValueError()),
    }
    right = write(Page(path, 100, time), "A machine.", questions, ["a", "b"])
    text = path.read_text()

    assert not right
    assert seen == [6, 7, 8]  # each finds the previous line on the disk
    assert "| one | 1 | yes |\n| two | 2 |  |\n| three | ValueError:  | **no** |" in text
    assert (
        "| a | 32 | float32 |\n| b | 32 | float32 | RuntimeError: too large | | | | | | |\n| a | 1 | float32 |" in text
    )
    assert "No time was left for float32 1 b; float32 128 a;" in text
    assert text.endswith("No time was left for process 1; process 2; process 3.\n")
