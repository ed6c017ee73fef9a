"""A dozen handwritten pairs of reports, and their checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from render.reports import layer, report, weighted

from archcost.records import Check, Checked, Layer, Round
from archcost.regression import diff, judge, parse_budgets, snapshot
from archcost.regression.statistics import judge_rounds

if TYPE_CHECKING:
    from archcost.records import Report

LOCK = "archcost.lock.json"
BUDGETS = parse_budgets(
    {
        "*": {"macs": {"max_increase": "2%"}, "params": {"max": "1M", "max_increase": "5%", "level": "warn"}},
        "small*": {"params": {"max": "100k"}},
    }
)
HOSTILE = "a|b\nc@user <img src=x> `*_~[x](http://e.com)`\x1b[31m\u202e"


def network(width: int = 32, *, size: int = 16, prefix: str = "", kind: str = "ReLU") -> Report:
    """Return a stem, an activation and a body of `width` channels, and a head; `prefix` precedes the names."""
    rows = [
        layer("input", "Input", (1, 3, size, size), module=""),
        weighted(f"{prefix}stem", "Conv2d", (1, 3, size, size), (1, width, size, size), 0, kernel=(3, 3), depth=1),
        layer(f"{prefix}act", kind, (1, width, size, size), 1, other_ops=width * size * size, depth=1),
        weighted(f"{prefix}body", "Conv2d", (1, width, size, size), (1, 64, size, size), 2, kernel=(3, 3), depth=2),
        weighted(f"{prefix}head", "Linear", (1, 64), (1, 10), 3, depth=3),
    ]
    return report("Net", rows, modules={})


def pools() -> Report:
    """Return a network without multiply-adds."""
    rows = [
        layer("input", "Input", (1, 3, 16, 16), module=""),
        layer("pool", "MaxPool2d", (1, 3, 8, 8), 0, other_ops=768),
    ]
    return report("Net", rows, modules={})


def pools_and_a_head() -> Report:
    rows = [*pools().layers, weighted("head", "Linear", (1, 192), (1, 10), 1, depth=1)]
    return report("Net", rows, modules={})


def deep(width: int) -> Report:
    """Return two thousand layers; every tenth has `width` channels."""
    rows: list[Layer] = [layer("input", "Input", (1, 8, 4, 4), module="")]
    for i in range(2000):
        channels = width if i % 10 == 0 else 8
        before = rows[-1].outputs[0]
        rows.append(weighted(f"blocks.{i}", "Conv2d", before, (1, channels, 4, 4), i, kernel=(1, 1), depth=i + 1))
    return report("Deep", rows, modules={})


def hostile(width: int) -> Report:
    """Return a network with hostile names."""
    rows = [
        layer("input", "Input", (1, 3, 16, 16), module=""),
        weighted(HOSTILE, "Conv|2d", (1, 3, 16, 16), (1, width, 16, 16), 0, kernel=(3, 3), depth=1),
    ]
    return report(HOSTILE, rows, modules={})


def checked(name: str, before: Report | None, after: Report | None, *, force: bool = False) -> Checked:
    """Compare a pair and judge it by the budgets above."""
    difference = diff(before, after, force=force)
    verdicts = () if after is None else judge(difference, BUDGETS.of(name))
    return Checked(name=name, difference=difference, verdicts=verdicts)


def one(entry: Checked, accept: str = "") -> Check:
    return Check(baseline=LOCK, networks=(entry,), accept=accept)


def accepted() -> Checked:
    entry = checked("net", network(32), network(36))
    verdicts = tuple(
        replace(verdict, outcome="accepted") if verdict.outcome == "exceeded" else verdict for verdict in entry.verdicts
    )
    return replace(entry, verdicts=verdicts)


def several() -> Check:
    """Return one network of each outcome, as in the comment on a pull request."""
    entries = (
        checked("small", network(32), network(32)),
        checked("net", network(32), network(36)),
        checked("small_new", None, network(8)),
        checked("gone", network(8), None),
        checked("renamed", network(32), network(32, prefix="backbone.")),
        Checked(name="broken", failure="building broken raised ValueError: no such width\n  net.py, line 5"),
        checked("same", network(8), network(8)),
    )
    return Check(baseline=LOCK, networks=entries, accept="archcost check --update net")


def timed() -> Check:
    """Return four networks timed against their bases: slower beyond the budget, slower, faster, and too noisy."""
    times = {
        "slow": (1000, 1200, 0),
        "slower": (10**7, 11 * 10**6, 0),
        "fast": (12, 9, 0),
        "noisy": (100, 103, 37),
    }
    entries = [checked("same", network(8), network(8))]
    for name, (base, head, noise) in times.items():
        rounds = tuple(
            Round(base_ns=(base + i * noise % 50,), head_ns=(head + (7 - i) * noise % 50,)) for i in range(8)
        )
        entry = checked(name, network(8), network(8))
        level = "error" if name == "slow" else "warn"
        entries.append(replace(entry, speed=judge_rounds(rounds), speed_level=level))
    return Check(baseline="1a2b3c4, the merge base with main", networks=tuple(entries))


PAIRS = {
    "no_change": lambda: one(checked("net", network(), network())),
    "wider": lambda: one(checked("net", network(32), network(36)), "archcost check --update net"),
    "narrower": lambda: one(checked("net", network(36), network(32))),
    "warned": lambda: one(checked("net", network(8), network(8, kind="PReLU"))),
    "accepted": lambda: one(accepted()),
    "new": lambda: one(checked("net", None, network())),
    "removed": lambda: one(checked("net", network(), None)),
    "renamed": lambda: one(checked("net", network(), network(prefix="backbone."))),
    "other_input": lambda: one(checked("net", network(), network(size=18), force=True)),
    "missing_baseline": lambda: one(
        Checked(name="net", failure=f"no baseline: {LOCK} has no 'net'"), "archcost check --update net"
    ),
    "zero_base": lambda: one(checked("net", pools(), pools_and_a_head()), "archcost check --update net"),
    "deep": lambda: one(checked("deep", deep(8), deep(9)), "archcost check --update deep"),
    "hostile": lambda: one(checked(HOSTILE, hostile(8), hostile(9)), "archcost check --update '...'"),
    "several": several,
    "timed": timed,
}


def many_hostile(count: int) -> Check:
    """Return more networks than fit into a comment."""
    before, after = snapshot(hostile(8)), snapshot(hostile(9))
    difference = diff(before, after)
    verdicts = judge(difference, BUDGETS.of("net"))
    entries = tuple(Checked(name=f"{'|' * 190}{i}", difference=difference, verdicts=verdicts) for i in range(count))
    return Check(baseline=LOCK, networks=entries)
