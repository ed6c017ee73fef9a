"""prepare_pass(...) -> a function that times a warm forward pass of a network, repeatedly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost.errors import WalkError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.sources import InputSpec

SAMPLE_NS = 50_000_000  # shorter samples measure the clock and the scheduler


def prepare_pass(spec: str, inputs: Sequence[InputSpec], batch: int) -> Callable[[], int]:
    """Build a network in eval mode, on the GPU if there is one, and warm it up.

    Args:
        spec: the network's name.
        inputs: descriptions of the inputs; an empty sequence for the network's own default.
        batch: images in the batch.

    Returns:
        A function that takes one sample: the nanoseconds of a pass, or the mean of several short ones.

    Raises:
        ArchcostError: the network cannot be built or run.
    """
    import torch

    from archcost import sources
    from archcost.clock.devices import clock_of, device_of
    from archcost.clock.sampling import Rounds, warm_up
    from archcost.profiling.choice import settle_by_walk
    from archcost.profiling.feed import feed_of
    from archcost.records import TimingPlan

    plan = TimingPlan()
    device = device_of(plan.device)
    clock = clock_of(device)
    torch.manual_seed(0)
    network = sources.resolve(spec)
    network = network if inputs else settle_by_walk(network)
    with torch.device(device):
        module = network.build().eval()
    args, kwargs = feed_of(network, list(inputs) or None, None, batch).on(str(device))

    def forward() -> None:
        with torch.no_grad():
            module(*args, **kwargs)

    rounds = Rounds(forward, clock)
    try:
        _, median_ns = warm_up(rounds.wait, plan, clock)
    except Exception as error:
        raise WalkError(f"{spec} cannot be timed: {type(error).__name__}: {first_line(error)}") from error
    rounds.size = math.ceil(SAMPLE_NS / max(median_ns, 1))
    return lambda: rounds.wait()[0]
