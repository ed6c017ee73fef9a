"""Run a separate Python process to its end, and measure it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The processor seconds, the peak memory and the output of a process."""

    seconds: float
    peak_bytes: int
    output: str


def finished(*arguments: str, environment: Mapping[str, str] | None = None) -> Process:
    """Run Python to its end, with variables added to the environment.

    Raises:
        CalledProcessError: the process failed.
    """
    process = subprocess.Popen(
        (sys.executable, *arguments), stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout:
        output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return Process(seconds=used.ru_utime + used.ru_stime, peak_bytes=1024 * used.ru_maxrss, output=output)
