"""CPU seconds of `archcost check` for many networks, compared with walking them in one process.

    python -m benchmarks.gate 5 50 200

Half of the networks are convolutional; the other half are patch transformers on other inputs. PYTHONPATH chooses
another archcost, to compare two of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

NETS = """
from torch import nn


def cnn(width=8):
    layers = [nn.Conv2d(3, width, 3, padding=1)]
    for _ in range(20):
        layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers)


def vit(width=8):
    layer = nn.TransformerEncoderLayer(8 * width, 4, batch_first=True)
    return nn.Sequential(nn.Linear(48, 8 * width), nn.TransformerEncoder(layer, 6))
"""
INPUTS = {"cnn": "3x64x64", "vit": "64x48"}
ONE_PROCESS = """
import archcost
from archcost.sources import parse_input

for kind, width, shape in {jobs}:
    archcost.profile(f"nets.py:{{kind}}?width={{width}}", [parse_input(shape)])
"""


def main(counts: list[int]) -> None:
    """Print the CPU seconds of both ways, and their ratio, for each number of networks."""
    print("networks  check s  one process s  ratio")
    for count in counts:
        jobs = [(kind := ("cnn", "vit")[i % 2], 4 + i // 2, INPUTS[kind]) for i in range(count)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "nets.py").write_text(NETS)
            (folder / "pyproject.toml").write_text("".join(map(_table, jobs)))
            one = _cpu_seconds(folder, "-c", ONE_PROCESS.format(jobs=jobs))
            check = _cpu_seconds(folder, "-m", "archcost", "check", "--exit-zero", "-q")
        print(f"{count:8}  {check:7.1f}  {one:13.1f}  {check / one:5.2f}", flush=True)


def _table(job: tuple[str, int, str]) -> str:
    kind, width, shape = job
    return f'[tool.archcost.networks.{kind}{width}]\nspec = "nets.py:{kind}?width={width}"\ninput = "{shape}"\n'


def _cpu_seconds(folder: Path, *arguments: str) -> float:
    """Return the user and system time of a Python process and all of its descendants."""
    before = os.times()
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode not in {0, 3}:  # 3: no network has a baseline
        raise SystemExit(done.stderr)
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [5, 50, 200])
