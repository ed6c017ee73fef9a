"""`python -m archcost.processes.worker`: profile what is asked on stdin, answer on stdout, end with who asks."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys

from archcost.profiling.many import one

RECORDS = 50_000  # made between two collections of garbage


def main() -> None:
    """Answer until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who asked us decides
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a network prints is no answer
    # a walk makes many records that live until it ends: looking through them again and again takes a third of its time
    gc.set_threshold(RECORDS)
    while True:
        try:
            spec, keep, options = pickle.load(sys.stdin.buffer)  # noqa: S301 - the pool wrote it
        except EOFError:
            return
        answers.write(pickle.dumps(one(spec, keep, options)))
        answers.flush()


if __name__ == "__main__":
    main()
