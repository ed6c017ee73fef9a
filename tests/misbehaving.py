"""Twenty networks that misbehave; `KINDS` maps each spec to the expected kind of failure.

`write_hang_at_import` writes a separate file, which hangs at import.
"""

import ctypes
import os
import signal
import sys
import time

from torch import nn

FOREVER = 3600
NAMES = {
    "hang": ("hangs_in_build", "HangsInForward", "holds_the_lock", "stops_itself", "ignores_signals"),
    "crash": (
        "crashes", "aborts", "exits_in_build", "ExitsInForward", "kills_itself", "ends_its_group",
        "ends_its_parents_group", "closes_descriptors", "lets_an_alarm_ring",
    ),
    "memory": ("eats_memory", "asks_for_too_much"),
    "exception": ("prompts", "leaves_a_daemon_and_raises", "goes_elsewhere_and_leaves"),
}  # fmt: skip
KINDS = {
    "hangs_at_import.py:build": "hang",
    **{f"misbehaving.py:{name}": kind for kind, names in NAMES.items() for name in names},
}
# networks that do odd things and are still counted
ODD = ("misbehaving.py:Prints", "misbehaving.py:goes_elsewhere", "misbehaving.py:forks")


def write_hang_at_import(folder):
    (folder / "hangs_at_import.py").write_text(f"import time\n\ntime.sleep({FOREVER})\n")


def well(channels=1):
    return nn.Conv2d(3, channels, 3)


def hangs_in_build():
    time.sleep(FOREVER)


class HangsInForward(nn.Module):
    def forward(self, x):
        while True:
            pass


def holds_the_lock():
    ctypes.PyDLL(None).sleep(FOREVER)  # unlike CDLL, PyDLL keeps the interpreter's lock


def stops_itself():
    os.kill(os.getpid(), signal.SIGSTOP)


def ignores_signals():
    for number in {*range(1, signal.NSIG)} - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    time.sleep(FOREVER)


def crashes():
    ctypes.string_at(0)


def aborts():
    os.abort()


def exits_in_build():
    os._exit(7)


class ExitsInForward(nn.Module):
    def forward(self, x):
        os._exit(0)


def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def ends_its_group():
    os.killpg(0, signal.SIGKILL)


def ends_its_parents_group():
    os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
    time.sleep(FOREVER)


def closes_descriptors():
    os.closerange(3, 4096)
    return well()


def lets_an_alarm_ring():
    signal.alarm(1)
    time.sleep(FOREVER)


def eats_memory():
    eaten = []
    while True:
        eaten.append(bytearray(10**8))


def asks_for_too_much():
    return bytearray(1 << 45)


def prompts():
    return well(int(input("how many channels? ")))


def leaves_a_daemon_and_raises():
    if not os.fork():
        os.setsid()
        if not os.fork():
            time.sleep(FOREVER)
        os._exit(0)
    raise RuntimeError("a daemon is left")


def goes_elsewhere_and_leaves():
    os.chdir("/")
    sys.exit("enough")


class Prints(nn.Module):
    """Prints in every way, even below Python."""

    def __init__(self):
        super().__init__()
        self.conv = well()

    def forward(self, x):
        print('{"result": 1}')
        os.write(1, b'{"result": 2}\n')
        os.system("echo '{\"result\": 3}'")
        library = ctypes.CDLL(None)
        library.puts(b'{"result": 4}')
        library.fflush(None)
        return self.conv(x)


def goes_elsewhere():
    os.chdir("/")
    return well()


def forks():
    os.fork()  # the child continues like its parent, but only the parent's answer counts
    return well()
