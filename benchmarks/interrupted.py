"""`python -m benchmarks.interrupted 'timm:*'`: a comparison that is interrupted twice and resumed.

It runs `archcost compare` with a journal, interrupts it at one third and at two thirds of the rows, lets it finish, and
compares its CSV with the CSV of an undisturbed run. It prints a line of JSON for `benchmarks.sweeps`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INTERRUPTED = 130
LOOK_SECONDS = 0.2


def compare(specs: list[str], *options: str) -> subprocess.Popen[bytes]:
    """Start a comparison that keeps all rows."""
    command = [sys.executable, "-m", "archcost", "compare", *specs, "-q", "--isolate", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def count_lines(file: Path) -> int:
    """Return the number of rows in a journal."""
    return file.read_bytes().count(b"\n") if file.exists() else 0


def interrupt_at(process: subprocess.Popen[bytes], journal: Path, rows: int) -> int:
    """Interrupt a comparison once its journal has the given number of rows; return the final number.

    Raises:
        AssertionError: the command did not end like an interrupted one.
    """
    while count_lines(journal) < rows:
        assert process.poll() is None, "it ended before it could be interrupted"  # noqa: S101
        time.sleep(LOOK_SECONDS)
    process.send_signal(signal.SIGINT)
    assert process.wait() == INTERRUPTED, process.returncode  # noqa: S101
    return count_lines(journal)


def main() -> int:
    """Compare, interrupt, compare again; print the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interrupted", description=__doc__)
    parser.add_argument("specs", nargs="+")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    with tempfile.TemporaryDirectory() as folder:
        whole, resumed, journal = (Path(folder) / name for name in ("whole.csv", "resumed.csv", "rows.jsonl"))
        begun = time.monotonic()
        code = compare(given.specs, "-o", str(whole)).wait()
        seconds = time.monotonic() - begun
        rows = whole.read_text(encoding="utf-8").count("\n") - 1
        begun, at = time.monotonic(), []
        for part in (1, 2):
            process = compare(given.specs, "--journal", str(journal), "-o", str(resumed))
            at.append(interrupt_at(process, journal, part * rows // 3))
        again = compare(given.specs, "--journal", str(journal), "-o", str(resumed)).wait()
        took = {"interrupted": given.specs, "rows": rows, "at": at, "lines": count_lines(journal)}
        took |= {"wall_seconds": seconds, "interrupted_wall_seconds": time.monotonic() - begun}
        took |= {"same": whole.read_bytes() == resumed.read_bytes() and code == again, "load": os.getloadavg()[0]}
    print(json.dumps(took), flush=True)
    return 0 if took["same"] else 1


if __name__ == "__main__":
    sys.exit(main())
