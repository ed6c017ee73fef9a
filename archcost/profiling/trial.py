"""A trial graph capture in a separate process: a failed capture can make the device unusable for its process.

Not run on a GPU yet.
"""

from __future__ import annotations

import pickle
from base64 import b64decode, b64encode
from functools import cache
from typing import TYPE_CHECKING

from archcost.errors import ClockError

if TYPE_CHECKING:
    from archcost.profiling.feed import Feed
    from archcost.records import TimingPlan
    from archcost.sources import InputSpec, Network


def find_capture_failure(network: Network, feed: Feed, plan: TimingPlan) -> str | None:
    """Return why a network's forward pass cannot be captured; None if it can, or if no other process can try.

    The other process builds the network by name and runs one image. So given networks and inputs are not tried, and a
    sweep over batches tries once.
    """
    if network.given is not None or feed.args is not None or feed.arrange is not None:
        return None
    return _try_apart(network.spec, feed.specs, plan)


@cache
def _try_apart(spec: str, inputs: tuple[InputSpec, ...], plan: TimingPlan) -> str | None:
    from archcost.processes.asking import AnswerError
    from archcost.processes.endings import DiedError
    from archcost.processes.pool import Pool

    asked = b64encode(pickle.dumps((spec, inputs, plan))).decode("ascii")
    with Pool(1) as pool:
        ((_, found),) = pool.run(f"{__name__}:try_capture", [{"asked": asked}])
    if isinstance(found, DiedError):
        return f"the network cannot be captured: {found}"
    # any other failure there, such as a device that allows only one process, recurs here or does not matter
    return None if isinstance(found, AnswerError) else found


def try_capture(asked: str) -> str | None:
    """Capture a network in a worker; return the reason if that fails."""
    from archcost.clock.devices import clock_of, device_of
    from archcost.clock.kinds import kind_of
    from archcost.clock.regime import regime
    from archcost.profiling.feed import Feed
    from archcost.profiling.form import make_inputs, make_module
    from archcost.profiling.iteration import make_iteration
    from archcost.records import WalkPlan
    from archcost.sources import resolve

    spec, inputs, plan = pickle.loads(b64decode(asked))  # noqa: S301 - the requesting process wrote it
    device = device_of(plan.device)
    with kind_of(device).using(device), regime(plan):
        module = make_module(resolve(spec), plan, device, trains=False)
        given = make_inputs(Feed(specs=inputs, batch=1), plan, device)
        try:
            clock_of(device).capture(make_iteration(module, given, WalkPlan(), plan, device).whole)
        except ClockError as error:
            return str(error)
    return None
