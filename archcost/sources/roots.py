"""The folders that a user's files import from: the roots of their project, and the folder of a file's package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def find_project_roots(folder: Path) -> tuple[Path, ...]:
    """Return the folders that a project's files import from, as under pytest: its root and its src/.

    The root is the nearest folder with a pyproject.toml, up to the repository's. Without one, the result is empty.
    """
    for each in (folder, *folder.parents):
        if (each / "pyproject.toml").is_file():
            source = each / "src"
            return (each, source) if source.is_dir() else (each,)
        if (each / ".git").exists():
            break
    return ()


def find_package(file: Path) -> tuple[Path, str] | None:
    """Return the folder above a file's package, and the file's module name; None outside packages.

    "/project/nets/cnn.py" beside an `__init__.py` is "nets.cnn" in "/project".
    """
    folder, parts = file.parent, [] if file.stem == "__init__" else [file.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    inside = folder != file.parent and not any("." in part for part in parts)
    return (folder, ".".join(parts)) if inside else None
