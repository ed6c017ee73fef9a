"""Time a network as it was beside the network as it is: two processes, taken in turn."""

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
    """Time every network that has code in the repository beside what it was where this branch left another one.

    Of a network that is new there is nothing to say, and of one of the zoo or of a package neither: it is the same in
    every commit. `progress` is told the name of each network before it is timed.

    Returns:
        By name: what was found, or why it could not be.

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
        base: the files of the revision that it is compared with.
        head: the files as they are.
        inputs: descriptions such as "3x224x224"; none for the network's own default.
        batch: images in the batch.
        rounds: at least 8.
        floor: the relative change up to which nothing counts as changed.

    Raises:
        NotInRevisionError: one of the two does not have the network.
        RevisionFailedError: one of the two fails.
        ArgumentError: too few rounds.
    """
    sides = {"base": base, "head": head}

    def timed(side: str, samples: int) -> tuple[int, ...]:
        return tuple(sides[side].ask("time_network", spec, inputs=list(inputs), batch=batch, samples=samples))

    order = plan(rounds)
    for side in sides:
        timed(side, 0)  # both are built and warm before the first round
    found = [Round(**{f"{side}_ns": timed(side, SAMPLES) for side in pair}) for pair in order]
    return judge_rounds(found, floor=floor)
