"""One counter in a separate process: `python -m benchmarks.peers.worker COUNTER [NETWORK]`.

With a network it counts that network and ends. Without one it answers each line of its input, a network's name, by a
line of JSON: the figures and the seconds of the count, or the error. It builds the network anew for every answer.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from benchmarks.peers.counters import COUNTERS, Counter

if TYPE_CHECKING:
    import torch
    from torch import nn


def built(spec: str, device: str) -> tuple[nn.Module, torch.Tensor]:
    """Return the network as archcost builds it, and one input, on a device."""
    from archcost import sources
    from archcost.profiling.place import build_on_meta
    from archcost.walk import Unfilled

    network = sources.resolve(spec)
    if device == "meta":
        module = build_on_meta(network).network
    else:
        with Unfilled():  # a buffer such as an index is still written
            module = network.build()
    return module.eval(), network.inputs[0].tensor(1, device)


def answer(counter: Counter, spec: str) -> dict[str, Any]:
    """Count a network; an exception of its counter is an answer, too."""
    try:
        network, x = built(spec, counter.device)
        gc.collect()  # garbage of the previous answer
        start = time.perf_counter()
        macs, params = counter.count(network, x)
        seconds = time.perf_counter() - start
    except Exception as error:  # noqa: BLE001 - a peer may raise anything
        reason = str(error).partition("\n")[0]
        return {"error": f"{type(error).__name__}: {reason}"}
    return {"seconds": seconds, "macs": float(macs), "params": None if params is None else int(params)}


def main() -> int:
    """Count once, or until the input ends."""
    warnings.simplefilter("ignore")
    counter = COUNTERS[sys.argv[1]]
    if len(sys.argv) > 2:  # noqa: PLR2004
        found = answer(counter, sys.argv[2])
        print(found)
        return int("error" in found)
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # a peer's own output is not an answer
        for line in sys.stdin:
            print(json.dumps(answer(counter, line.strip())), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
