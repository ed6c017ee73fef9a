"""`python -m tests`: every check of the project, one after the other; fails if any of them fails.

With --quick, those that take a moment: no tests that `tests/slow.txt` names. With --extras, the tests alone that need
packages which `.[dev]` does not have, and those that go through all of what the others go through by example. With
--coverage, the quick tests again, to see which lines they run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BRANCH_COVERAGE = 85  # per cent of archcost/, by the tests that tests/slowness.py chooses
# a process for each core; a file's tests share what they make
PYTEST = ["pytest", "-q", "-n=auto", "--dist=loadfile"]
STATIC = {
    "ruff format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "mypy --strict": ["mypy"],
    "lint-imports": ["lint-imports"],
}
QUICK = {**STATIC, "pytest, the quick tests": [*PYTEST, "-m", "not slow and not extras"]}
EXTRAS = {"pytest, the extras": [*PYTEST, "-m", "extras"]}
ALL = {
    **STATIC,
    "archcost check": ["archcost", "check"],
    "pytest": [*PYTEST, "-m", "not extras"],
}
COVERAGE = {
    "pytest, with coverage": [
        *PYTEST, "-m", "not extras and (not slow or covered)",
        "--cov", "--cov-report=term", f"--cov-fail-under={BRANCH_COVERAGE}",
    ],
}  # fmt: skip
RUN_AS_MODULES = {"ruff", "mypy", "archcost", "pytest"}
NO_TESTS = 5  # pytest's exit code where it finds none; of the extras there may be none


def run(command: list[str]) -> bool:
    """Run one check from the project's root and say whether it passed."""
    program, *rest = command
    # `python -m` finds the tools of this environment, whether or not its bin folder is on the path
    line = (
        [sys.executable, "-m", program, *rest]
        if program in RUN_AS_MODULES
        else [str(Path(sys.executable).with_name(program)), *rest]
    )
    code = subprocess.run(line, cwd=ROOT, check=False).returncode
    return code == 0 or (code == NO_TESTS and command in EXTRAS.values())


def choose_checks() -> dict[str, list[str]]:
    """Return the checks that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests", description="Run the checks of the project.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="those that take a moment: before every commit")
    which.add_argument("--extras", action="store_true", help="the tests that need more packages, or more time")
    which.add_argument("--coverage", action="store_true", help="the quick tests, and the share of lines that they run")
    given = parser.parse_args()
    return QUICK if given.quick else EXTRAS if given.extras else COVERAGE if given.coverage else ALL


def main() -> int:
    """Run the checks, then say which ones passed."""
    results = {}
    for name, command in choose_checks().items():
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
