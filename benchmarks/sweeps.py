"""The cost of a sweep: wall time, processor time of all its processes, and peak memory of the driver.

    python -m benchmarks.sweeps 300 --engine local --specs 'timm:*' --rows pool.txt >> sweeps.jsonl
    python -m benchmarks.sweeps 30000 >> sweeps.jsonl
    python -m benchmarks.interrupted 'timm:*' >> sweeps.jsonl
    python -m benchmarks.sweeps --page sweeps.jsonl

Each run prints a line of JSON; `--page` writes a page from these lines. `--rows` writes sorted rows, so that `cmp` can
compare the rows of two engines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from threading import Event, Thread
from typing import Any

from archcost.profiling.run import run
from archcost.records import Failure, Sweeping
from archcost.sources.selection import select
from benchmarks import sweeps_page

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.5  # seconds between two samples of the processes
KEEP = attrgetter("totals.params", "totals.macs", "totals.activation_elements")


class Numbered(Sequence[str]):
    """LeNet-5 with one input channel, with two, with three: all rows take the same work, and no specs take memory."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, place: Any) -> Any:
        if not 0 <= place < self._rows:
            raise IndexError(place)
        return f"lenet5?in_channels={place + 1}"


class Processor:
    """Sums the processor time of all descendants of this process, orphans included."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        os.environ["ARCHCOST_SWEEP"] = self.mark
        self.seconds: dict[str, float] = {}
        self.peak = 0  # bytes of the largest process
        self._end = Event()
        self._thread = Thread(target=self._look_often, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Stop sampling, and return the seconds."""
        self._end.set()
        self._thread.join()
        return sum(self.seconds.values()) + time.process_time()

    def _look_often(self) -> None:
        while not self._end.wait(EVERY):
            for folder in Path("/proc").iterdir():
                with suppress(OSError):
                    if folder.name.isdecimal() and self.mark.encode() in (folder / "environ").read_bytes():
                        self._look(folder)

    def _look(self, folder: Path) -> None:
        parts = (folder / "stat").read_text().rpartition(")")[2].split()
        self.seconds[folder.name] = (int(parts[11]) + int(parts[12])) / TICKS
        for line in (folder / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                self.peak = max(self.peak, int(line.split()[1]) << 10)


def sweep(rows: int, engine: str, glob: str | None, jobs: int | None, output: str | None) -> dict[str, Any]:
    """Run a sweep; return its cost, and a digest of its rows in any order."""
    chosen: Sequence[str] = select((glob,)) if glob else Numbered(rows)
    if glob:
        chosen = chosen[:: max(1, len(chosen) // rows)][:rows]
    processor, begun, failures, found, digest = Processor(), time.monotonic(), 0, [], 0
    for spec, row in run(chosen, {}, KEEP, jobs=jobs, sweeping=Sweeping(engine=engine, isolate=True)):
        failures += isinstance(row, Failure)
        line = json.dumps([spec, row.error if isinstance(row, Failure) else row])
        digest ^= int(hashlib.sha256(line.encode()).hexdigest()[:16], 16)
        if output:
            found.append(line)
    took: dict[str, Any] = {"engine": engine, "specs": glob, "rows": len(chosen), "failures": failures}
    took["wall_seconds"] = time.monotonic() - begun
    took["processor_seconds"] = processor.stop()
    took["driver_processor_seconds"] = time.process_time()
    took["driver_peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    took["largest_other_bytes"] = processor.peak
    took["load"] = os.getloadavg()[0]
    took["digest"] = f"{digest:016x}"
    if output:
        Path(output).write_text("\n".join(sorted(found)) + "\n", encoding="utf-8")
    return took


def main() -> int:
    """Run a sweep and print its cost, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", help="rows")
    parser.add_argument("--engine", default="local")
    parser.add_argument("--specs", help="a glob; without it LeNet-5 with as many input channels as the row's number")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--rows", help="a file for the rows")
    parser.add_argument("--page", help="a file with a line for each run")
    parser.add_argument("-o", "--output", type=Path, default=sweeps_page.PAGE)
    given = parser.parse_args()
    if given.page:
        lines = Path(given.page).read_text(encoding="utf-8").splitlines()
        given.output.write_text(sweeps_page.spell([json.loads(line) for line in lines]), encoding="utf-8")
    elif given.count:
        print(json.dumps(sweep(given.count, given.engine, given.specs, given.jobs, given.rows)), flush=True)
    else:
        parser.error("give a number of rows, or --page FILE")
    return 0


if __name__ == "__main__":
    sys.exit(main())
