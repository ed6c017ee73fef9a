"""What a sweep takes: wall, processor time of all of its processes, and the most memory of the one that asks.

    python -m benchmarks.sweeps 300 --engine local --specs 'timm:*' -o pool.jsonl
    python -m benchmarks.sweeps 30000

Rows are written to the file as JSON lines, sorted, so that two engines can be compared by `cmp`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
import uuid
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from threading import Event, Thread

from archcost.profiling.run import run
from archcost.records import Failure, Sweeping
from archcost.sources.selection import select

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.5  # seconds between two looks at the processes


KEEP = attrgetter("totals.params", "totals.macs", "totals.activation_elements")


class Processor:
    """Adds up the processor time of every process that was started by this one, whoever is its parent by now."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        os.environ["ARCHCOST_SWEEP"] = self.mark
        self.seconds: dict[str, float] = {}
        self._end = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Return the seconds."""
        self._end.set()
        self._thread.join()
        return sum(self.seconds.values()) + time.process_time()

    def _look(self) -> None:
        while not self._end.wait(EVERY):
            for folder in Path("/proc").iterdir():
                with suppress(OSError):
                    if folder.name.isdecimal() and self.mark.encode() in (folder / "environ").read_bytes():
                        parts = (folder / "stat").read_text().rpartition(")")[2].split()
                        self.seconds[folder.name] = (int(parts[11]) + int(parts[12])) / TICKS


def main() -> None:
    """Run a sweep and print what it took, as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--specs", help="a glob; without it LeNet-5 with as many classes as the row's number")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("-o", dest="output")
    given = parser.parse_args()
    specs = select((given.specs,)) if given.specs else [f"lenet5?num_classes={n}" for n in range(1, given.rows + 1)]
    step = max(1, len(specs) // given.rows)
    processor, begun, failures, found = Processor(), time.monotonic(), 0, []
    sweeping = Sweeping(engine=given.engine, isolate=True)
    for spec, row in run(specs[::step][: given.rows], {}, KEEP, jobs=given.jobs, sweeping=sweeping):
        failures += isinstance(row, Failure)
        if given.output:
            found.append(json.dumps([spec, row.error if isinstance(row, Failure) else row]))
    took = {"engine": given.engine, "rows": given.rows, "failures": failures, "wall_seconds": time.monotonic() - begun}
    took["processor_seconds"] = processor.stop()
    took["driver_processor_seconds"] = time.process_time()
    took["driver_peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    if given.output:
        Path(given.output).write_text("\n".join(sorted(found)) + "\n")
    print(json.dumps(took))


if __name__ == "__main__":
    main()
