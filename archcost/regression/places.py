"""The file and line of a finding: those of the network's callable, or of its settings."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from archcost.errors import RevisionError
from archcost.records import Place
from archcost.regression.revisions import top_of
from archcost.sources import parse_spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archcost.regression.settings import Plan, Settings


def find_place(plan: Plan, settings: Settings, where: str = "") -> Place:
    """Return the file and line of a network's code; if no project file holds the code, those of a setting.

    Args:
        plan: the network.
        settings: the project's settings.
        where: the setting, such as 'tool.archcost.budgets."*".macs'; by default the network's own table.
    """
    folder = settings.file.parent
    for file, name in _candidates(plan, folder):
        line = _line_of_callable(file, name)
        if line:
            return Place(file=_from_top(file, folder), line=line)
    setting = where or f"tool.archcost.networks.{plan.group}"
    return Place(file=_from_top(settings.file, folder), line=_line_of_setting(settings.file, setting))


def project_of(folder: Path) -> str:
    """Return a project's folder within its repository; "" for the repository itself, or without one."""
    try:
        inside = folder.resolve().relative_to(top_of(folder)).as_posix()
    except (RevisionError, ValueError):
        return ""
    return "" if inside == "." else inside


def _candidates(plan: Plan, folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that may hold a network's callable, with its name."""
    spec = parse_spec(plan.spec)
    if spec.kind == "file":
        yield (folder / spec.source).resolve(), spec.target
    elif spec.kind == "module":
        parts = spec.source.split(".")
        for root in (folder, folder / "src"):
            yield root.joinpath(*parts).with_suffix(".py").resolve(), spec.target
            yield root.joinpath(*parts, "__init__.py").resolve(), spec.target


def _line_of_callable(file: Path, name: str) -> int:
    """Return the line that defines a name at the top level of a file; 0 if no line does."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name.partition(".")[0]:
            return node.lineno
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node.lineno
    return 0


def _line_of_setting(file: Path, where: str) -> int:
    """Return the line of a table or of a key in it; the first line if neither is found."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    table, _, key = where.rpartition(".")
    heads = {_plain(f"[{where}]"): 0, _plain(f"[{table}]"): 1}
    for i, line in enumerate(lines):
        depth = heads.get(_plain(line.split("#")[0]))
        if depth == 0:
            return i + 1
        if depth == 1:
            below = (j for j in range(i + 1, len(lines)) if re.match(rf"\s*{re.escape(key)}\s*=", lines[j]))
            return next(below, i) + 1
    return 1


def _plain(head: str) -> str:
    """Return a table's header without quotes and spaces, which are optional in TOML."""
    return re.sub(r"[\s\"']", "", head)


def _from_top(file: Path, folder: Path) -> str:
    """Return a file's path relative to its repository; without a repository, relative to the project's folder."""
    try:
        top = top_of(folder)
    except RevisionError:
        top = folder.resolve()
    return file.resolve().relative_to(top).as_posix() if file.resolve().is_relative_to(top) else str(file)
