"""Find a configuration in a file, a folder or the local cache of the hub; download one on request."""

from __future__ import annotations

import logging
from pathlib import Path

from archcost.errors import ArgumentError, UnknownNetworkError, first_line
from archcost.sources.libraries import import_library

FILE = "config.json"
OWNED = 2  # parts of OWNER/NAME


def find_config(where: str) -> Path | None:
    """Return the file of a configuration; None for a name without a slash, which is a model type.

    Raises:
        UnknownNetworkError: the file or folder does not exist, and the cache lacks the repository.
    """
    path = Path(where)
    if path.is_dir() and (path / FILE).is_file():
        return path / FILE
    if path.is_file():
        return path
    if where.endswith(".json"):
        raise UnknownNetworkError(f"there is no file {where!r} (looked in {Path.cwd()})")
    if path.is_dir() and ("/" in where or "." in where):
        raise UnknownNetworkError(f"the folder {where!r} has no {FILE}")
    if "/" not in where:
        return None
    if where.startswith(("/", ".", "~")):
        raise UnknownNetworkError(f"there is no folder {where!r} (looked in {Path.cwd()})")
    repository, file = _split(where)
    found = find_cached(where)
    if found is not None:
        return found
    raise UnknownNetworkError(
        f"there is neither a folder {where!r} nor {repository} in the local cache of the hub; --download fetches its "
        f"{file}, and nothing else"
    )


def find_cached(where: str) -> Path | None:
    """Return the configuration file of a repository, or of a part of it, in the local cache."""
    hub = import_library("huggingface_hub")
    try:
        found = hub.try_to_load_from_cache(*_split(where))
    except ValueError:  # not a name of the hub
        return None
    return Path(found) if isinstance(found, str) else None


def fetch_config(where: str) -> str:
    """Download only a repository's configuration into the local cache; return its path.

    Raises:
        ArgumentError: the name is not OWNER/NAME.
        UnknownNetworkError: the download failed.
    """
    if Path(where).exists() or where.startswith(("/", ".", "~")):
        raise ArgumentError(f"--download fetches the configuration of hf:OWNER/NAME, not of {where!r}")
    repository, file = _split(where)
    hub = import_library("huggingface_hub")
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # hide its advice to set a token
    try:
        return str(hub.hf_hub_download(repository, file))
    except Exception as error:
        raise UnknownNetworkError(f"{file} of {repository} could not be fetched: {first_line(error)}") from error


def _split(where: str) -> tuple[str, str]:
    """Return the repository and the file in it: "stabilityai/sdxl/unet" names a part."""
    parts = where.strip("/").split("/")
    return "/".join(parts[:OWNED]), "/".join((*parts[OWNED:], FILE))
