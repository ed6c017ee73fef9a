"""Search for the counting conventions that give a printed figure."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from archcost import zoo
from archcost.claims.ledger import read_published
from archcost.claims.measured import MeasuredPart
from archcost.claims.printed import find_agreement, parse_printed
from archcost.claims.ways import yield_countings
from archcost.errors import ClaimError
from archcost.profiling.choice import settle
from archcost.profiling.many import profile_many
from archcost.records import Explanation, Failure, Way
from archcost.sources import parse_spec, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archcost.claims.printed import Printed
    from archcost.claims.ways import Counting
    from archcost.records import Asked, Claim
    from archcost.sources import InputSpec

SIDES = (224, 227, 299)  # input sizes that papers and libraries use for one network
SMALLEST_PHOTO = 96  # networks for smaller images never run at those sizes
MOST_WAYS = 10
NEAR = Fraction(1, 10)  # of the value: 5.97M, cut to one digit, is 5M, but does not explain a printed 5M
BINARY = Fraction(1024, 1000)


def explain(
    network: str,
    figure: str,
    asked: Asked = "operations",
    *,
    inputs: Sequence[InputSpec] = (),
    batch: int = 1,
    most: int = MOST_WAYS,
    jobs: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Explanation:
    """Find the ways of counting a network that give a printed figure or come nearest to it.

    Args:
        network: a name, as for `archcost.profile`. One of the zoo is counted with its variants too: with side
            classifiers, strides and shortcuts of other implementations.
        figure: the printed text: "4.1G", "5M", "96MB".
        asked: the printed quantity.
        inputs: descriptions of the inputs; without them, a network for photographs is also counted at other sizes.
        batch: images in the batch.
        most: the number of ways to return.
        jobs: processes that measure, as for `profile_many`.
        progress: called with each network when it is measured.

    Returns:
        The ways that give the printed digits, then the others, each group with the nearest first; the simplest way that
        gives them is always included.

    Raises:
        ArgumentError: the figure does not parse.
        ClaimError: the network itself cannot be measured.
    """
    printed = parse_printed(figure)
    specs = tuple(_yield_specs(network, sized=asked != "parameters" and not inputs))
    results = profile_many(
        specs, keep=MeasuredPart.of, jobs=jobs, progress=progress, inputs=tuple(inputs) or None, batch=batch
    )
    if isinstance(results[0], Failure):
        raise ClaimError(f"{network} could not be measured: {results[0].reason}")
    titles = {spec: resolve(spec).name for spec in specs}
    found = [
        _build_way(spec, titles[spec], count, printed, own=spec == network, batch=batch)
        for spec, part in zip(specs, results, strict=True)
        if not isinstance(part, Failure)
        for count in yield_countings(asked, part)
    ]
    once = _choose_simplest(found)
    giving = (way for way in once if way.agreement and abs(way.difference) < NEAR * way.value)
    simplest = min(giving, key=_measure_complexity, default=None)
    return Explanation(
        network=network,
        asked=asked,
        printed=figure,
        ways=_choose_nearest(once, most, simplest),
        simplest=simplest,
        searched=len(found),
        published=tuple(_find_published(specs, printed)),
    )


def _yield_specs(network: str, *, sized: bool) -> Iterator[str]:
    """Yield the network, then its variants and other sizes."""
    own = settle(resolve(network))
    yield network
    spec = parse_spec(network)
    names = [network]
    if spec.kind == "zoo" and not spec.arguments and spec.size is None and not spec.module:
        entry = zoo.REGISTRY.find(network)
        root = entry.variant_of or entry.id
        names += [other.id for other in zoo.REGISTRY if root in {other.id, other.variant_of} and other.id != entry.id]
        yield from names[1:]
    if not sized or spec.size is not None or spec.arguments or spec.module:
        return
    shape = own.inputs[0].shape
    if len(own.inputs) == 1 and len(shape) == 3 and min(shape[1:]) >= SMALLEST_PHOTO:  # noqa: PLR2004 - C, H, W
        yield from (f"{name}@{side}" for name in names for side in SIDES if shape[1:] != (side, side))


def _build_way(spec: str, title: str, count: Counting, printed: Printed, *, own: bool, batch: int) -> Way:
    figure = printed.in_steps_of_1024() if count.steps_of_1024 else printed
    value = Fraction(count.value) / (BINARY**printed.thousands if count.steps_of_1024 else 1)
    return Way(
        spec=spec,
        network=title,
        convention=count.words,
        value=float(value),
        difference=float(value - printed.value),
        agreement=find_agreement(figure, Fraction(count.value)),
        deviations=count.deviations + (0 if own else 2 if "@" in spec else 1),
        command=f"archcost profile {spec}" + (f" --batch {batch}" if batch != 1 else ""),
    )


def _choose_simplest(ways: Sequence[Way]) -> tuple[Way, ...]:
    """Return each value once, with the simplest way that gives it."""
    best: dict[float, Way] = {}
    for way in sorted(ways, key=lambda way: way.deviations):
        best.setdefault(way.value, way)
    return tuple(best.values())


def _choose_nearest(ways: Sequence[Way], most: int, simplest: Way | None) -> tuple[Way, ...]:
    """Return the first few ways, those with the printed digits first, and the simplest one in any case."""
    order = sorted(ways, key=lambda way: (way.agreement is None, abs(way.difference), way.deviations))
    nearest = order[:most]
    if simplest is not None and simplest not in nearest:
        nearest[-1] = simplest  # it is farther away than the others, so the order stays
    return tuple(nearest)


def _measure_complexity(way: Way) -> tuple[int, bool, float]:
    return way.deviations, way.agreement == "cut", abs(way.difference)


def _find_published(specs: Sequence[str], printed: Printed) -> Iterator[Claim]:
    """Yield the ledger's claims that print the same figure for one of these networks."""
    names = {zoo.REGISTRY.find(spec).id for spec in specs if spec in zoo.REGISTRY}
    for claim in read_published():
        same = claim.network in zoo.REGISTRY and zoo.REGISTRY.find(claim.network).id in names
        if same and parse_printed(claim.printed).value == printed.value:
            yield claim
