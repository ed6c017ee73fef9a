"""A worker whose keeper is not a child of the process that asks.

Ray kills the children of its processes when these end, so that a keeper has no time to end what a network left in a
session of its own. It leaves their children alone: here the keeper is one, and sees the end of the requests.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

from archcost.processes import worker


def main() -> None:
    """Run a worker in a child; end with it, and hand on to it that it is to end."""
    keeper = os.fork() if hasattr(os, "fork") else 0
    if not keeper:
        worker.main()

    def hand_on(*_: Any) -> None:
        with suppress(OSError):  # it has ended
            os.kill(keeper, signal.SIGTERM)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.close(0)  # the requests and the answers are the keeper's: their ends are to be seen
    os.close(1)
    os.waitpid(keeper, 0)
    os._exit(0)
