"""The public names of the package: listed for completion, documented, and loaded on first use."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import archcost


def test_completion_shows_what_is_not_loaded_yet():
    program = "import archcost, sys; print(*dir(archcost)); assert 'torch' not in sys.modules"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"profile", "compare", "diff", "fit", "plot", "Report", "TimingPlan", "rule", "__version__"} <= set(shown)
    assert not {"Any", "TYPE_CHECKING", "_HOMES"} & set(shown)


@pytest.mark.parametrize("name", sorted(set(archcost.__all__) - {"__version__"}))
def test_everything_public_is_documented_and_typed(name):
    found = getattr(archcost, name)
    assert inspect.getdoc(found)
    if inspect.isfunction(found):
        signature = inspect.signature(found)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(each.annotation is not inspect.Parameter.empty for each in signature.parameters.values())
        documented = inspect.getdoc(found)
        if "Args:" in documented:
            assert all(f"{each}:" in documented for each in signature.parameters if each not in {"args", "kwargs"})
