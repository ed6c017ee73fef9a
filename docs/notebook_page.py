"""Run a notebook, and write it with its results as a page of the site. Jupyter is not needed."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def write_page(notebook: Path) -> None:
    """Run a notebook's cells in their order, and write a page and its pictures beside it."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    parts = []
    for place, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        result = run_cell(source, names)
        if result is not None:
            parts.append(_show_result(result, notebook.with_name(f"{notebook.stem}-{place}.png")))
    notebook.with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; return the value of its last line, None if that is a statement."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)  # noqa: S102 - the cells are ours
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307


def _show_result(result: Any, picture: Path) -> str:
    """Return a result as a notebook shows it: as a picture, as HTML or as text."""
    if hasattr(result, "_repr_png_"):
        picture.write_bytes(result._repr_png_())
        return f"![{result.get_suptitle()}]({picture.name})".replace("\n", " ")
    if hasattr(result, "_repr_html_"):
        return f"```{{raw}} html\n{result._repr_html_()}\n```"
    return f"```text\n{result!r}\n```"
