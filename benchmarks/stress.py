"""`python -m benchmarks.stress`: look for anything that archcost leaves behind.

Ctrl-C interrupts a profile at 2,000 random moments, eight threads profile at once, and 1,000 profiles run in a row.
After each, torch, the process and the network must be unchanged; reports of several threads must equal those of one.
The full run, without arguments, writes a report.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules import module as torch_module

import archcost

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT = Path(__file__).parent.parent / "reports" / "measured" / "stress.md"
HEAD = """\
# Interrupts, threads, many profiles

Written by `python -m benchmarks.stress`. A small network is profiled while Ctrl-C comes, by several threads at once,
and again and again. Compared before and after: random states, grad mode, autocast, default dtype and device, dispatch
and function modes, hooks; of the network values, versions, gradients, modes, hooks and names of attributes; the reports
of threads with those of one; networks, objects and memory that stay alive.

"""
INTERRUPTS, PROFILES, THREADS, ROUNDS = 2_000, 1_000, 8, 5


def small_network() -> nn.Module:
    """Return a network with state that a walk could change: statistics, gradients, modes."""
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(), nn.Flatten(), nn.Linear(64, 3)
    )
    network(torch.ones(2, 2, 6, 6)).sum().backward()
    network[3].eval()
    return network


KINDS: tuple[dict[str, Any], ...] = (
    {"device": "meta"},
    {"device": "cpu"},
    {"device": "cpu", "mode": "train", "train": "adamw"},
    {"device": "meta", "train": "sgd", "amp": "bf16"},
)


def state_of(network: nn.Module) -> dict[str, Any]:
    """Return all state of torch, the process and a network that must not change."""
    return {
        "random": (torch.get_rng_state().tolist(), random.getstate()),
        "switches": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), gc.isenabled()),
        "defaults": (torch.get_default_dtype(), torch.get_default_device()),
        "autocast": [torch.is_autocast_enabled(device) for device in ("cpu", "cuda", "ipu")],
        "modes": (torch._C._len_torch_dispatch_stack(), torch._C._len_torch_function_stack()),
        "saving": torch._C._autograd._top_saved_tensors_default_hooks(False),
        "hooks": [len(table) for name, table in vars(torch_module).items() if name.startswith("_global_f")],
        "training": [module.training for module in network.modules()],
        "own hooks": [len(module._forward_hooks) for module in network.modules()],
        "attributes": [[*vars(module)] for module in network.modules()],
        "values": {name: tensor.tolist() for name, tensor in network.state_dict().items()},
        "tensors": [(id(t), t._version, t.requires_grad) for t in network.state_dict(keep_vars=True).values()],
        "gradients": [None if p.grad is None else (id(p.grad), p.grad.tolist()) for p in network.parameters()],
    }


def interrupt(action: Callable[[], object], after: float) -> bool:
    """Run an action, and interrupt it like Ctrl-C; return whether the action raised the interrupt."""
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        action()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


def find_interrupt_damage(count: int, seed: int = 0) -> list[str]:
    """Interrupt profiles at random moments until `count` interrupts hit one in its middle; return the changes."""
    network, images, moments = small_network(), torch.ones(2, 2, 6, 6), random.Random(seed)  # noqa: S311
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    runs = [partial(archcost.profile, network, images, **kind) for kind in KINDS]
    damage: list[str] = []
    came = number = 0
    lengths = [_seconds(run) for run in runs for _ in "12"][1::2]
    before = state_of(network)
    while came < count and not damage:
        choice, number = number % len(runs), number + 1
        after = max(1e-5, moments.uniform(0, 0.95) * lengths[choice])
        try:
            came += interrupt(runs[choice], after)
        except KeyboardInterrupt:  # the interrupt hit `interrupt` itself
            came += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        now = state_of(network)
        damage = [f"{number}: {KINDS[choice]}: {name}" for name in before if before[name] != now[name]]
    print(f"{came} of {number} interrupts came in the middle of a profile", flush=True)
    return damage


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def find_thread_damage(threads: int, rounds: int) -> list[str]:
    """Profile in threads, a shared network and separate ones; return the reports that differ from one thread's."""
    images, shared = torch.ones(2, 2, 6, 6), small_network()
    expected = [archcost.profile(small_network(), images, **kind).to_json() for kind in KINDS]
    choices = [number % len(KINDS) for number in range(threads * rounds)]
    own = [small_network() for _ in choices]
    before = state_of(shared)
    damage = []
    with ThreadPoolExecutor(threads) as pool:
        for networks in ([shared] * len(choices), own):
            found = pool.map(lambda n, c: archcost.profile(n, images, **KINDS[c]).to_json(), networks, choices)
            damage += [f"a report of {KINDS[c]}" for c, text in zip(choices, found, strict=True) if text != expected[c]]
    now = state_of(shared)
    return damage + [name for name in before if before[name] != now[name]]


def find_growth(count: int) -> list[str]:
    """Profile many times; return the counts that grew."""
    images = torch.ones(2, 2, 6, 6)
    kept: list[weakref.ref[nn.Module]] = []

    def profile_once(number: int) -> None:
        network = small_network()
        kept.append(weakref.ref(network))
        archcost.profile(network, images, **KINDS[number % len(KINDS)])

    for number in range(50):
        profile_once(number)
    objects, size = _objects(), _resident()
    for number in range(count):
        profile_once(number)
    damage = [f"{alive} networks are alive"] if (alive := sum(r() is not None for r in kept)) else []
    kept.clear()
    if (more := _objects() - objects) > count // 10:
        damage.append(f"{more} objects more")
    if (grown := _resident() - size) > 32 * 2**20:
        damage.append(f"{grown} bytes more")
    return damage


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def _resident() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(interrupts: int = INTERRUPTS, threads: int = THREADS, profiles: int = PROFILES) -> int:
    """Print the findings; return 1 if there are any."""
    found: dict[str, list[str]] = {}
    for what, look in (
        (f"Ctrl-C at {interrupts:,} random moments of a profile", partial(find_interrupt_damage, interrupts)),
        (f"{threads} threads, over one network and over their own", partial(find_thread_damage, threads, ROUNDS)),
        (f"{profiles:,} profiles in a row", partial(find_growth, profiles)),
    ):
        found[what] = look()
        print(f"{what}: {found[what] or 'nothing'}", flush=True)
    if (interrupts, threads, profiles) == (INTERRUPTS, THREADS, PROFILES):
        REPORT.write_text(write_report(found))
    return int(any(found.values()))


def write_report(found: dict[str, list[str]]) -> str:
    """Return the page with the findings of the three experiments."""
    rows = [f"| {what} | {'; '.join(damage) or 'nothing'} |" for what, damage in found.items()]
    kinds = "; ".join(", ".join(str(value) for value in kind.values()) for kind in KINDS)
    return f"{HEAD}Profiles of {len(KINDS)} kinds in turn ({kinds}). torch {torch.__version__}.\n\n" + "\n".join(
        ["| what came | what it left behind, or changed |", "| :-- | :-- |", *rows, ""]
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
