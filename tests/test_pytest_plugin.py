"""The pytest plugin, in separate pytest runs."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import archcost

pytest_plugins = "pytester"

NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1, bias=False)
        self.head = nn.Conv2d(width, 2, 1, bias=False)

    def forward(self, x):
        return self.head(self.stem(x).relu())
"""


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Import torch first: pytester unloads the modules that its runs import, and torch cannot be imported twice."""
    archcost.profile("lenet5")


@pytest.fixture
def run(pytester, monkeypatch):
    """Run one test file in this process with only this plugin, whether it is installed or not."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(net=NET)

    def run(test):
        pytester.makepyfile(test_it=test)
        return pytester.runpytest_inprocess("-p", "archcost.pytest_plugin", "-p", "no:cacheprovider")

    return run


def test_a_network_within_its_budget_passes_and_gives_its_report(run):
    result = run("""
        from net import Net

        def test_module(archcost_budget):
            report = archcost_budget(Net(), "3x8x8", macs="<=1280", params=20, depth="<3")
            assert report.totals.macs == 64 * (3 * 4 + 4 * 2)

        def test_spec(archcost_budget):
            archcost_budget("net.py:Net?width=8", inputs=["3x8x8"], batch=2, backward_macs="<1M", train="sgd")

        def test_tensor(archcost_budget):
            import torch
            archcost_budget(Net(), torch.zeros(3, 3, 4, 4), macs=3 * 16 * 20)

        def test_whose_choices(archcost_budget):
            from torch.nn import Linear
            peaks = [
                archcost_budget(Linear(64, 64), "64", train="adam", like=like, params=4160).totals.peak_training_bytes
                for like in ("cuda", "cpu")
            ]
            assert peaks[1] != peaks[0]
        """)

    result.assert_outcomes(passed=4)


def test_what_exceeds_its_budget_fails_and_names_the_layers(run):
    result = run("""
        from net import Net

        def test_module(archcost_budget):
            archcost_budget(Net(width=1000), "3x8x8", macs="<300k", params="<=4.9k", other_ops="<1G", depth=1)
        """)

    result.assert_outcomes(failed=1)
    assert """
E       Failed: net:Net exceeds its budget
E       depth: 2, at most 1
E       macs: 320.0 k (320,000), at most 300.0 k
E         stem  192.0 k  60.0 %  Conv2d
E         head  128.0 k  40.0 %  Conv2d
E       params: 5.000 k (5,000), at most 4.900 k
E         stem  3.000 k  60.0 %  Conv2d
E         head  2.000 k  40.0 %  Conv2d
""" in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()


def test_a_hostile_name_takes_one_line(run):
    result = run("""
        from torch import nn

        def test_module(archcost_budget):
            net = nn.Sequential()
            net.add_module("a\\nb\\x1b[31m", nn.Linear(3, 3))
            archcost_budget(net, "3", macs="<9")
        """)

    result.assert_outcomes(failed=1)
    assert "macs: 9, at most 8" in result.stdout.str()
    assert r"  a\nb\x1b[31m  9 100.0 %  Linear" in result.stdout.str()


def test_of_many_layers_the_largest_are_named(run):
    result = run("""
        from torch import nn

        def test_module(archcost_budget):
            layers = [nn.Conv2d(1, 1, kernel, bias=False) for kernel in (1, 2, 3, 4, 5, 6, 7)]
            archcost_budget(nn.Sequential(*layers), "1x64x64", params="<100")
        """)

    assert """
E       params: 140, at most 99
E         6  49  35.0 %  Conv2d
E         5  36  25.7 %  Conv2d
E         4  25  17.9 %  Conv2d
E         3  16  11.4 %  Conv2d
E         2   9   6.4 %  Conv2d
E         ... and 2 layers more
""" in result.stdout.str()


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("", "needs a limit"),
        ('mac="<1G"', "no quantity 'mac'; did you mean macs"),
        ('macs=">1G"', "does not parse"),
        ('macs="<=+2%"', "nothing to be compared with in a test"),
        ('backward_macs="<1G"', "training step"),
    ],
)
def test_a_limit_that_means_nothing_is_an_error(run, limits, says):
    result = run(f"""
        from net import Net

        def test_module(archcost_budget):
            archcost_budget(Net(), "3x8x8", {limits})
        """)

    result.assert_outcomes(failed=1)
    assert says in result.stdout.str()


def test_pytest_starts_without_importing_torch(tmp_path):
    (tmp_path / "test_light.py").write_text(
        "import sys\n\n\ndef test_light(request):\n    assert request.getfixturevalue('archcost_budget')\n"
        "    assert not {'torch', 'numpy', 'pandas'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "archcost.pytest_plugin", "-p", "no:cacheprovider", tmp_path],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


def test_installing_archcost_installs_the_plugin():
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    (plugin,) = project["entry-points"]["pytest11"].values()

    assert importlib.import_module(plugin).archcost_budget
