"""Time a network as it was beside the network as it is: two processes, taken in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.records import Round, Speed
from archcost.regression.statistics import ROUNDS, SAMPLES, judge_rounds, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.regression.revisions import Checkout


def compare_speed(
    spec: str,
    base: Checkout,
    head: Checkout,
    *,
    inputs: Sequence[str] = (),
    batch: int = 1,
    rounds: int = ROUNDS,
    progress: Callable[[int, int], None] | None = None,
) -> Speed:
    """Time both versions of a network in turn, end to end, and judge the difference.

    Args:
        spec: the network's name, the same in both.
        base: the files of the revision that it is compared with.
        head: the files as they are.
        inputs: descriptions such as "3x224x224"; none for the network's own default.
        batch: images in the batch.
        rounds: at least 8.
        progress: called with the rounds that are done and all of them.

    Raises:
        NotInRevisionError: one of the two does not have the network.
        RevisionFailedError: one of the two fails.
        ArgumentError: too few rounds.
    """
    sides = {"base": base, "head": head}

    def timed(side: str, samples: int) -> tuple[float, ...]:
        return tuple(sides[side].ask("time", spec, inputs=list(inputs), batch=batch, samples=samples))

    order = plan(rounds)
    for side in sides:
        timed(side, 0)  # both are built and warm before the first round
    found = []
    for done, pair in enumerate(order):
        if progress is not None:
            progress(done, rounds)
        found.append(Round(**{side: timed(side, SAMPLES) for side in pair}))
    return judge_rounds(found)
