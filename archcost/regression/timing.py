"""Time the base and the present version of a network in turn, in two processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import NotInRevisionError, RevisionFailedError
from archcost.records import Allowance, Round, Speed
from archcost.regression.revisions import checkout, merge_base, working_tree
from archcost.regression.statistics import FLOOR, ROUNDS, SAMPLES, judge_rounds, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from archcost.regression.revisions import Checkout
    from archcost.regression.settings import Plan, Settings


def time_networks(
    settings: Settings, plans: Sequence[Plan], ref: str, folder: Path, progress: Callable[[str], None]
) -> dict[str, Speed | str]:
    """Time every network with code in the repository beside its version at the merge base with another branch.

    New networks are left out, and so are networks of the zoo and of libraries, which are the same in every commit.
    `progress` is called with the name of each network before its timing.

    Returns:
        By name: the comparison, or the reason why the network could not be timed.

    Raises:
        RevisionError: there is no such repository or revision.
    """
    found: dict[str, Speed | str] = {}
    with checkout(merge_base(ref, repository=folder), repository=folder) as base, working_tree(folder) as head:
        for plan in plans:
            budget = settings.budgets.time_of(plan.name)
            if not plan.local or budget is None:
                continue
            floor = float(budget.limit.amount) / 100 if isinstance(budget.limit, Allowance) else FLOOR
            progress(plan.name)
            try:
                found[plan.name] = compare_speed(
                    plan.spec, base, head, inputs=plan.inputs, batch=plan.batch, floor=floor
                )
            except NotInRevisionError:
                continue
            except RevisionFailedError as error:
                found[plan.name] = str(error)
    return found


def compare_speed(
    spec: str,
    base: Checkout,
    head: Checkout,
    *,
    inputs: Sequence[str] = (),
    batch: int = 1,
    rounds: int = ROUNDS,
    floor: float = FLOOR,
) -> Speed:
    """Time both versions of a network in turn, end to end, and judge the difference.

    Args:
        spec: the network's name, the same in both.
        base: the files of the revision to compare with.
        head: the files of the working tree.
        inputs: descriptions such as "3x224x224"; empty for the network's default.
        batch: images in the batch.
        rounds: at least 8.
        floor: the relative change above which a difference counts.

    Raises:
        NotInRevisionError: one of the two lacks the network.
        RevisionFailedError: the network of one of the two fails.
        ArgumentError: too few rounds.
    """
    sides = {"base": base, "head": head}

    def timed(side: str, samples: int) -> tuple[int, ...]:
        return tuple(sides[side].ask("time_network", spec, inputs=list(inputs), batch=batch, samples=samples))

    order = plan(rounds)
    for side in sides:
        timed(side, 0)  # build and warm up both before the first round
    found = [Round(**{f"{side}_ns": timed(side, SAMPLES) for side in pair}) for pair in order]
    return judge_rounds(found, floor=floor)
