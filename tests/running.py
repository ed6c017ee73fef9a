"""Check whether a process runs."""

import time
from pathlib import Path


def is_running(process):
    """Whether a process exists and has not ended; a zombie has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_ended(process, seconds=60):
    """Wait for a process that is about to end.

    Raises:
        AssertionError: the process keeps running.
    """
    until = time.monotonic() + seconds
    while is_running(process):
        assert time.monotonic() < until, f"{process} runs on"
        time.sleep(0.05)
