"""A network that really runs out of memory: the error names its need, and nothing stays allocated."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest
from torch import nn

import archcost
from archcost.errors import OutOfMemoryError, WalkError
from archcost.profiling.advice import ran_out

LIMIT = """
    import resource
    import sys
    import torch
    import archcost
    from archcost.cli import run
    torch.set_num_threads(1)
    archcost.profile("squeezenet1_1@64", device="cpu", train="sgd")  # whatever that loads, it has loaded
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 400_000_000,) * 2)
"""


def with_little_memory(code):
    """Run Python with 400 MB beyond its memory at the start."""
    program = dedent(LIMIT) + dedent(code)
    # freed memory returns to the system at once, so that the limit applies to used memory
    env = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=env)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_the_need_is_said_and_nothing_stays_allocated():
    found = with_little_memory("""
        failed = None
        try:
            archcost.profile("squeezenet1_1", device="cpu", batch=200, train="sgd")
        except archcost.ArchcostError as error:
            failed = error
        print(type(failed).__name__, failed, failed.__context__, failed.__cause__, sep="|")
        kept = torch.empty(300_000_000, dtype=torch.uint8)
        like = archcost.profile("squeezenet1_1", device="meta", batch=200, train="sgd", like="cpu")
        need = like.totals.peak_training_bytes
        print(need)
    """)

    assert found.returncode == 0, found.stderr
    (kind, text, context, cause), need = found.stdout.splitlines()[0].split("|"), int(found.stdout.splitlines()[1])
    assert kind == "OutOfMemoryError"
    assert text.startswith("squeezenet1_1 ran out of memory on cpu: ")
    assert f"it needs {need / 1e9:.3f} GB at its peak" in text
    assert context == cause == "None"


@pytest.mark.extras
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_weights_alone_that_are_too_many_end_the_command_with_3():
    found = with_little_memory("sys.exit(run(['profile', '--device', 'cpu', 'vgg16']))")

    assert found.returncode == 3, found.stderr
    assert "ran out of memory on cpu: by a walk on the meta device it needs" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_need_that_cannot_be_predicted():
    class Greedy(nn.Module):
        def forward(self, x):
            x.sum().item()
            raise MemoryError

    with pytest.raises(OutOfMemoryError, match="the meta device cannot predict its need"):
        archcost.profile(Greedy(), nn.Parameter().new_zeros(1), device="cpu")


def test_errors_that_say_so():
    error = WalkError("the forward failed")
    assert not ran_out(error)
    error.__cause__ = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
    assert ran_out(error)
