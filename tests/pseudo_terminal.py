"""A terminal in which tests run commands: their output, and the final screen."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from fcntl import ioctl

ESCAPE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")
HIDE_CURSOR = "\x1b[?25l"
LONGEST = 120  # seconds, far more than any command here takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The outcome of a command: its exit code, its stdout, and its raw output to the terminal."""

    code: int
    result: str
    written: str
    unchanged: bool  # the terminal's settings

    @property
    def text(self):
        """The output without colours and cursor movements."""
        return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", self.written)

    @property
    def screen(self):
        """The final lines of the screen, by the few cursor movements that rich uses."""
        lines, row = [""], 0
        for parameter, final, control, text in ESCAPE.findall(self.written):
            if final == "A":
                row -= int(parameter or 1)
            elif final == "K":
                lines[row] = ""
            elif control == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            else:
                lines[row] += text
        return [line for line in lines if line]


def watch(command, *, interrupt_after=None, tell_after=(), cwd=None, **environment):
    """Run a command whose stderr is a terminal of 100 columns; send Ctrl-C once `interrupt_after` was written.

    The process gets SIGUSR1 once for each written text of `tell_after`, in order: so a command can wait for its own
    output, however busy the machine is.
    """
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    before = termios.tcgetattr(theirs)
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "COLUMNS", "LINES"}}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, cwd=cwd, text=True,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **environment}, start_new_session=True,
    )  # fmt: skip
    written, until, tell_after = b"", time.monotonic() + LONGEST, list(tell_after)
    try:
        while time.monotonic() < until:
            if select.select([ours], [], [], 0.1)[0]:
                written += os.read(ours, 65536)
            elif process.poll() is not None:
                break
            if tell_after and tell_after[0] in written.decode(errors="replace"):
                del tell_after[0]
                process.send_signal(signal.SIGUSR1)
            if interrupt_after is not None and interrupt_after in written.decode(errors="replace"):
                interrupt_after = None
                os.killpg(process.pid, signal.SIGINT)  # like a terminal, to the whole group
        result = process.communicate(timeout=LONGEST)[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        unchanged = termios.tcgetattr(theirs) == before
        os.close(ours)
        os.close(theirs)
    return Seen(code=process.returncode, result=result, written=written.decode(errors="replace"), unchanged=unchanged)
