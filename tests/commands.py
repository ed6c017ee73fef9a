"""Run the command line in this process with warm workers, because a new process imports torch for seconds."""

import os
import sys
from subprocess import CompletedProcess

import pytest

from archcost.cli import run


@pytest.fixture
def archcost(capfd, monkeypatch, warm_workers):
    """Run a command line in a folder, without the environment of a workflow that may run these tests."""

    def archcost(*arguments, cwd=None, **environment):
        capfd.readouterr()
        with monkeypatch.context() as patched:
            for name in [name for name in os.environ if name.startswith("GITHUB_")]:
                patched.delenv(name)
            for name, value in environment.items():
                patched.setenv(name, value)
            if cwd is not None:
                patched.chdir(cwd)
            # a file rewritten within a second at the same length would run the old bytecode
            patched.setattr(sys, "dont_write_bytecode", True)
            code = run(arguments)
        return CompletedProcess(arguments, code, *capfd.readouterr())

    return archcost
