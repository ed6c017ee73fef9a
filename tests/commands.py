"""The command line, run in this process, and its workers warm: any other process imports torch first, for seconds."""

import os
import sys
from subprocess import CompletedProcess

import pytest

from archcost.cli import run


@pytest.fixture
def archcost(capfd, monkeypatch, warm_workers):
    """Run a command line in a folder; nothing of a workflow that these tests themselves may run in reaches it."""

    def archcost(*arguments, cwd=None, **environment):
        capfd.readouterr()
        with monkeypatch.context() as patched:
            for name in [name for name in os.environ if name.startswith("GITHUB_")]:
                patched.delenv(name)
            for name, value in environment.items():
                patched.setenv(name, value)
            if cwd is not None:
                patched.chdir(cwd)
            # a file that is written twice within a second, at one length, has the bytecode of the first
            patched.setattr(sys, "dont_write_bytecode", True)
            code = run(arguments)
        return CompletedProcess(arguments, code, *capfd.readouterr())

    return archcost
