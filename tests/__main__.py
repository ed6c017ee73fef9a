"""`python -m tests`: run every check of the project; fail if any check fails.

mypy, which uses one core, runs beside the other checks, which then finish earlier.

--quick runs the fast checks: it skips the tests in `tests/slow.txt`. --extras runs only the tests that need packages
outside of `.[dev]`, and the exhaustive tests of things that others sample. --coverage runs the quick tests again, and
shows which lines they run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
BRANCH_COVERAGE = 85  # per cent of archcost/ that the tests chosen by tests/slowness.py must cover
# a process for each core; the tests of one file share their fixtures
PYTEST = ["pytest", "-q", "-n=auto", "--dist=loadfile"]
STATIC = {
    "ruff format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "mypy --strict": ["mypy"],
    "lint-imports": ["lint-imports"],
}
BESIDE = ("mypy --strict",)
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
NO_TESTS = 5  # pytest's exit code if it finds no tests; there may be no extras


def run(command: list[str], output: int | None = None) -> tuple[bool, float, str]:
    """Run one check from the project's root; return whether it passed, its seconds, and its output if it is a pipe."""
    program, *rest = command
    # `python -m` finds the tools of this environment, whether or not its bin folder is on the path
    line = (
        [sys.executable, "-m", program, *rest]
        if program in RUN_AS_MODULES
        else [str(Path(sys.executable).with_name(program)), *rest]
    )
    start = time.perf_counter()
    ended = subprocess.run(line, cwd=ROOT, check=False, stdout=output, stderr=subprocess.STDOUT, text=True)
    passed = ended.returncode == 0 or (ended.returncode == NO_TESTS and command in EXTRAS.values())
    return passed, time.perf_counter() - start, ended.stdout or ""


def choose_checks() -> dict[str, list[str]]:
    """Return the checks that the command line requests."""
    parser = argparse.ArgumentParser(prog="python -m tests", description="Run the checks of the project.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="those that take a moment: before every commit")
    which.add_argument("--extras", action="store_true", help="the tests that need more packages, or more time")
    which.add_argument("--coverage", action="store_true", help="the quick tests, and the share of lines that they run")
    given = parser.parse_args()
    return QUICK if given.quick else EXTRAS if given.extras else COVERAGE if given.coverage else ALL


def main() -> int:
    """Run the checks, then print which ones passed."""
    checks = dict(choose_checks())
    results = {}
    with ThreadPoolExecutor() as pool:
        beside = {name: pool.submit(run, checks.pop(name), subprocess.PIPE) for name in BESIDE if name in checks}
        for name, command in checks.items():
            print(f"\n== {name}", flush=True)
            results[name] = run(command)
        for name, future in beside.items():
            results[name] = future.result()
            print(f"\n== {name}\n{results[name][-1]}", flush=True)
    print()
    for name, (passed, seconds, _) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {name} ({seconds:.0f} s)")
    failed = sum(not passed for passed, *_ in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
