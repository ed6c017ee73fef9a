"""`python -m tests`: every check of the project, one after the other; fails if any of them fails."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BRANCH_COVERAGE = 90  # per cent of archcost/
CHECKS = {
    "ruff format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "mypy --strict": ["mypy"],
    "lint-imports": ["lint-imports"],
    "archcost check": ["archcost", "check"],
    "pytest": [
        "pytest",
        "-q",
        "-n=auto",  # one process for each core; a file's tests share what they prepare
        "--dist=loadfile",
        "--cov",
        "--cov-report=term",
        f"--cov-fail-under={BRANCH_COVERAGE}",
    ],
}
RUN_AS_MODULES = {"ruff", "mypy", "archcost", "pytest"}


def run(command: list[str]) -> bool:
    """Run one check from the project's root and say whether it passed."""
    program, *rest = command
    # `python -m` finds the tools of this environment, whether or not its bin folder is on the path
    line = (
        [sys.executable, "-m", program, *rest]
        if program in RUN_AS_MODULES
        else [str(Path(sys.executable).with_name(program)), *rest]
    )
    return subprocess.run(line, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Run every check, then say which ones passed."""
    results = {}
    for name, command in CHECKS.items():
        print(f"\n== {name}", flush=True)
        start = time.perf_counter()
        results[name] = (run(command), time.perf_counter() - start)
    print()
    for name, (passed, seconds) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {name} ({seconds:.0f} s)")
    failed = sum(not passed for passed, _ in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
