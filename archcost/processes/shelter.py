"""A worker whose keeper is not a child of the calling process.

When Ray's processes end, Ray kills their children, so that a keeper has no time to end the processes that a network
left in their own sessions. Ray does not kill grandchildren: here the keeper is a grandchild, and sees the end of the
requests.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

from archcost.processes import worker


def main() -> None:
    """Run a worker in a child; end with it, and pass termination signals on to it."""
    keeper = os.fork() if hasattr(os, "fork") else 0
    if not keeper:
        worker.main()

    def hand_on(*_: Any) -> None:
        with suppress(OSError):  # it has ended
            os.kill(keeper, signal.SIGTERM)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.close(0)  # only the keeper holds the pipes, so that it sees when they close
    os.close(1)
    os.waitpid(keeper, 0)
    os._exit(0)
