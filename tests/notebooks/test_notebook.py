"""The notebook of the documentation runs from its first cell to its last, and shows tables and charts."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "tour.ipynb"

pytestmark = [pytest.mark.extras, pytest.mark.filterwarnings("ignore")]  # a warning of Jupyter
nbclient = pytest.importorskip("nbclient", reason="no nbclient here; pip install nbclient ipykernel")
nbformat = pytest.importorskip("nbformat", reason="no nbformat here; pip install nbformat")
pytest.importorskip("ipykernel", reason="no ipykernel here; pip install ipykernel")


def test_the_notebook_runs_and_shows_tables_and_charts(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # the outputs are created anew
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output.output_type for output in shown] == ["execute_result"] * 6  # neither warnings nor errors
    forms = ["text/html", "image/png", "image/png", "text/html", "image/png", "text/html"]
    assert all(form in output.data for form, output in zip(forms, shown, strict=True))
    assert "LeNet-5" in shown[0].data["text/html"]
    assert sum(len(str(output.data)) for output in shown) < 1_000_000
