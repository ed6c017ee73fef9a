"""Alternatives to a network: published networks that are as accurate and cost no more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost.comparison.accuracy import find_accuracy, read_published
from archcost.comparison.compare import build_row
from archcost.comparison.published import (
    ANY,
    QUANTITIES,
    check_pretraining,
    find_device,
    is_published,
    list_sizes,
    read_conditions,
    read_published_networks,
)
from archcost.errors import ArgumentError, closest
from archcost.profiling.run import run
from archcost.records import Failure
from archcost.records.published import Alternative, Alternatives, Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records.published import Published
    from archcost.sources import InputSpec

TIME = "time:"
ALIASES = {"memory": "peak_inference_bytes"}


def parse_limits(text: str) -> tuple[str, ...]:
    """Read the costs that may not rise: "macs,params,memory,time:rtx4090"; "memory" is the peak of inference.

    Raises:
        ArgumentError: the quantity or the device does not exist.
    """
    words = (word.strip() for word in text.split(","))
    names = tuple(_read_name(ALIASES.get(word, word)) for word in words if word)
    if not names:
        raise ArgumentError(f"--at-most names no quantity; there are {', '.join(QUANTITIES)}")
    return names


def _read_name(name: str) -> str:
    if name.startswith(TIME):
        return TIME + find_device(name.removeprefix(TIME))
    if name not in QUANTITIES:
        known = (*QUANTITIES, *(TIME + each for each in read_conditions()))
        raise ArgumentError(f"--at-most {name}: {closest(name, known, 'there are ' + ', '.join(known))}")
    return name


def read_limit(network: Published, name: str) -> float | None:
    """Return a quantity of a published network; a time is in seconds per image, at the published batch size."""
    if not name.startswith(TIME):
        value: float = getattr(network.totals, name)
        return value
    sample = network.samples.get(name.removeprefix(TIME))
    return None if sample is None else 1 / sample.per_second


def find_alternatives(candidate: Candidate, *, pretraining: str = ANY, limit: int | None = None) -> Alternatives:
    """Find the published networks that are at least as accurate as a network and cost at most as much.

    The nearest comes first: the one whose costs, each as a factor of the network's own, differ least (by the sum of
    the logarithms).

    Args:
        candidate: the network, its accuracy and the costs that may not rise.
        pretraining: the pretraining data of the alternatives: "any", "in1k" for ImageNet-1k alone, "in22k", ...
        limit: the largest number of networks to return.

    Raises:
        ArgumentError: no network has this pretraining.
    """
    check_pretraining(pretraining)
    found: list[tuple[float, Alternative]] = []
    for network in read_published_networks():
        if network.spec == candidate.spec or pretraining not in {ANY, network.pretraining}:
            continue
        costs = {name: read_limit(network, name) for name in candidate.costs}
        known = {name: value for name, value in costs.items() if value is not None}
        if (
            network.top1 >= candidate.top1
            and len(known) == len(costs)
            and all(value <= candidate.costs[name] for name, value in known.items())
        ):
            distance = sum(math.log(candidate.costs[name] / value) for name, value in known.items() if value)
            found.append((distance, Alternative(network=network, costs=known)))
    found.sort(key=lambda each: (each[0], -each[1].network.top1))
    return Alternatives(
        candidate=candidate, pretraining=pretraining, rows=tuple(row for _, row in found[:limit]), found=len(found)
    )


def build_candidate(
    text: str, limits: Sequence[str], *, top1: float | None = None, inputs: Sequence[InputSpec] | None = None
) -> Candidate:
    """Return a network with its accuracy and the costs that may not rise; a network outside timm is walked.

    Raises:
        ArgumentError: its accuracy is neither published nor given, or its time is unknown.
    """
    published = None if top1 is not None or inputs else find_published(text)
    if published is not None:
        found = {name: read_limit(published, name) for name in limits}
        missing = [name for name, value in found.items() if value is None]
        if missing:
            raise ArgumentError(f"{text}: nobody published {', '.join(missing)} for it; leave it out of --at-most")
        return Candidate(
            spec=published.spec,
            top1=published.top1,
            source=f"{published.library}'s figure of {published.model} at {published.size}",
            costs={name: value for name, value in found.items() if value is not None},
        )
    timed = [name for name in limits if name.startswith(TIME)]
    if timed:
        raise ArgumentError(
            f"{text}: {', '.join(timed)} is known only for published networks; name one, such as "
            "timm:resnet50.a1_in1k, or leave it out of --at-most"
        )
    ((_, row),) = run([text], {"inputs": inputs}, build_row)
    if isinstance(row, Failure):
        raise ArgumentError(f"{text}: {row.reason}")
    costs = {name: getattr(row.totals, name) for name in limits}
    if top1 is not None:
        return Candidate(spec=text, top1=top1, source="--top1", costs=costs)
    figure = find_accuracy(text, read_published(), protocol="single-crop", side=row.input[-1] if row.input else None)
    if figure is None or figure.top1 is None:
        raise ArgumentError(f"{text}: no accuracy of one central crop is known for it; give it with --top1 76.1")
    return Candidate(spec=text, top1=figure.top1, source=f"{figure.weights}, {figure.source}", costs=costs)


def find_published(text: str) -> Published | None:
    """Return the published network of this name; None if the name is from another source.

    `text` is "timm:ARCHITECTURE.TAG" or "timm:ARCHITECTURE.TAG@SIZE"; without a size, the first one applies.

    Raises:
        ArgumentError: the architecture has several sets of weights, or the network has no figures.
    """
    if not is_published(text):
        return None
    library, _, rest = text.partition(":")
    model, _, size = rest.partition("@")
    networks = [each for each in read_published_networks() if each.library == library]
    named = [each for each in networks if model in {each.model, each.architecture}]
    tagged = [each for each in named if not size or str(each.size) == size]
    chosen = [each for each in tagged if each.model == model]
    if chosen:
        return chosen[0]
    if len(tagged) == 1:
        return tagged[0]
    if tagged:
        raise ArgumentError(
            f"{text}: {library} has several weights for it; name one of {_spell(tagged)}, or give --top1"
        )
    near = list_sizes(named) or closest(model, [each.model for each in networks], "give its accuracy with --top1")
    raise ArgumentError(f"{text}: no accuracy was published for it; {near}")


def _spell(networks: Sequence[Published]) -> str:
    shown = [f"{each.library}:{each.model}" for each in networks[:6]]
    return ", ".join(shown) + (f" and {len(networks) - 6} more" if len(networks) > len(shown) else "")
