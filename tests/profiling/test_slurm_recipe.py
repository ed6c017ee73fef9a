"""The recipe for Slurm in the documentation, run on this machine."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "howto" / "sweeps.md"


@pytest.mark.extras
def test_the_recipe_for_slurm_runs_and_its_journals_go_together(tmp_path):
    pytest.importorskip("submitit")
    (recipe,) = re.findall(r"```python slurm\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "slurm_sweep.py").write_text(recipe)
    (tmp_path / "specs.txt").write_text("lenet5\nalexnet\nsqueezenet1_0\n")

    def call(*arguments):
        return subprocess.run(
            arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True, text=True,
            capture_output=True,
        ).stdout  # fmt: skip

    assert call(sys.executable, "slurm_sweep.py", "specs.txt", "2", "local") == "3 rows\n"
    journals = sorted(tmp_path.glob("rows-*.jsonl"))
    assert len(journals) == 2
    lines = [line for each in journals for line in each.read_text().splitlines()]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    specs = (tmp_path / "specs.txt").read_text().split()
    found = call(sys.executable, "-m", "archcost", "compare", *specs, "--journal", "rows.jsonl", "--format", "csv")
    assert {row["network"] for row in csv.DictReader(found.splitlines())} == {*specs}
    assert (tmp_path / "rows.jsonl").read_text().splitlines() == lines  # no network ran
