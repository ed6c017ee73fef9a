"""The page: reports/measured/performance.md."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.peers.counters import ARCHCOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.peers.accuracy import Score
    from benchmarks.peers.counters import Counter
    from benchmarks.peers.timing import Times

TITLE = "# archcost beside its peers"


def page(
    counters: Sequence[Counter], whole: Sequence[Times], inside: Sequence[Times], scores: Sequence[Score], about: str
) -> str:
    """Return the page as Markdown; parts that were not measured are left out."""
    parts = [
        TITLE,
        "Written by `python -m benchmarks.peers`, which installs nothing and measures whichever peers can be imported. "
        "Times are ratios, medians over rounds in which everybody ran in turn; below 1 is faster than what is compared "
        "with. There is none where a counter raised or, in process, was stopped because it took too long.",
        about,
    ]
    if whole:
        parts += [
            "## A whole process",
            "A fresh interpreter that imports, builds the network and counts it, over one that only imports torch. "
            "archcost is `archcost profile NETWORK` and prints its table on a terminal of 160 columns; a peer counts "
            "and prints no more than its totals. Everybody's network is built by archcost's zoo, with weights that "
            "nobody wrote; the import of that is some hundredths of a second of a peer's time.",
            "\n".join(ratios(whole, counters, "seconds of `import torch`")),
        ]
    if inside:
        parts += [
            "## In process",
            "The network exists, everything is imported and one count went before; over a bare forward pass of the "
            "network on the meta device by torch's own kernels. archcost is `archcost.profile(network, x)`, its whole "
            "report; not its text.",
            "\n".join(ratios(inside, counters, "milliseconds of the pass", 1000)),
        ]
    if scores:
        parts += [
            "## Who is right",
            f"{scores[0].networks} of torchvision's classification networks, against what torchvision publishes with "
            "its weights: G multiply-adds to three decimals, and the parameters as built. A figure that rounds to the "
            "published one is right. Peers mean different things by their figures; each is made multiply-adds by its "
            "own convention, the column says how, and nothing else is done to it. Within 1 % it is most likely a bias, "
            "a normalisation or an activation that a peer counts as multiply-adds.",
            "\n".join(accuracies(scores, counters)),
            *failures(scores),
        ]
    return "\n\n".join(parts) + "\n"


def ratios(times: Sequence[Times], counters: Sequence[Counter], unit: str, scale: float = 1) -> Iterator[str]:
    """Yield a table: a line for each counter, a column for each network, the base's time above."""
    yield f"| | device | {' | '.join(each.network for each in times)} |"
    yield f"| :-- | :-- |{' --: |' * len(times)}"
    yield f"| {unit} | | {' | '.join(f'{scale * each.base:.4g}' for each in times)} |"
    for counter in counters:
        cells = [each.ratio(counter.name) for each in times]
        shown = " | ".join("none" if cell is None else f"{cell:.2f}" for cell in cells)
        yield f"| {counter.name} | {counter.device} | {shown} |"


def accuracies(scores: Sequence[Score], counters: Sequence[Counter]) -> Iterator[str]:
    """Yield a table: a line for each counter."""
    known = {counter.name: counter for counter in counters}
    yield "| | figure | device | right | within 1 % | further off | no figure | parameters right |"
    yield "| :-- | :-- | :-- | --: | --: | --: | --: | --: |"
    for each in scores:
        counter = known[each.counter]
        params = "counts none" if each.params is None else each.params
        yield (
            f"| {counter.title} | {counter.convention} | {counter.device} | {each.right} | {each.near} "
            f"| {len(each.wrong)} | {len(each.failed)} | {params} |"
        )


def failures(scores: Sequence[Score]) -> Iterator[str]:
    """Yield a paragraph for each counter whose figures are missing or far off for some networks."""
    for each in scores:
        reasons: dict[str, list[str]] = {}
        for network, reason in each.failed.items():
            reasons.setdefault(f"no figure, {_plain(reason)}", []).append(network)
        if each.wrong:
            reasons["further off"] = list(each.wrong)
        for reason, networks in reasons.items():
            names = ", ".join(network.partition(":")[2] for network in networks)
            yield f"{each.counter}, {reason}: {names}."


def _plain(reason: str) -> str:
    """Return an error as one line of Markdown."""
    return f"`{reason[:100].replace('`', '')}`"


def machine(counters: Sequence[Counter], rounds: int, before: float, after: float) -> str:
    """Describe the machine and the versions."""
    from archcost.clock.conditions import _processor

    versions = ", ".join(dict.fromkeys(f"{each.distribution} {version(each.distribution)}" for each in counters))
    cores = len(os.sched_getaffinity(0))
    load = f"{before:.1f} at the start and {after:.1f} at the end"
    busy = " Others worked on the machine meanwhile." if before > cores / 2 else ""
    system = f"{platform.system()}, Python {platform.python_version()}"
    return (
        f"{_processor()}, {cores} cores; {system}. Rounds: {rounds}. "
        f"The load average was {load}, of which this program makes 1 to 2 itself.{busy}\n\n"
        f"torch {version('torch')}, torchvision {version('torchvision')}; {versions}. Not installed, so not measured: "
        f"{_missing(counters)}."
    )


def _missing(counters: Sequence[Counter]) -> str:
    from benchmarks.peers.counters import PEERS

    return ", ".join(each.name for each in PEERS if each not in counters) or "none"


def losses(times: Mapping[str, Sequence[Times]], counters: Sequence[Counter]) -> list[str]:
    """Name the networks on which a peer was faster than archcost."""
    found = []
    for kind, measured in times.items():
        for each in measured:
            ours = each.ratio(ARCHCOST.name)
            for counter in counters:
                its = each.ratio(counter.name)
                if counter is not ARCHCOST and ours is not None and its is not None and its <= ours:
                    found.append(f"{kind}, {each.network}: {counter.name} takes {its:.2f}, archcost {ours:.2f}")
    return found
