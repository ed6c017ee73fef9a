"""What holds for all tests."""

import signal


def pytest_configure():
    """Hear Ctrl-C, and let the programs that tests start hear it: a shell's background job inherits deaf ears."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
