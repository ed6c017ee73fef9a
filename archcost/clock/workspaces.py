"""Memory of cuBLAS, cuDNN and other libraries on a GPU: kept after a measurement, and found by the device's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from archcost.clock.keeping import keep_record, list_files, name_file, read_kept, spell_parts
from archcost.records import Workspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Workspace

SCHEMA = "archcost.workspaces/1"


def keep_workspace(found: Workspace) -> None:
    """Keep a workspace; it replaces an earlier one of the same run at the same batch."""
    path = name_file("workspaces", found.device, found.driver, found.torch, found.network)
    known = read_kept(Workspaces, path, SCHEMA) or Workspaces(found=())
    others = (each for each in known.found if (each.run, each.batch) != (found.run, found.batch))
    keep_record(Workspaces(found=(*others, found)), path, SCHEMA)


def find_workspace(device: str, network: str, run: str) -> Workspace | None:
    """Return the largest workspace that a run of a network had on a device under this torch, at any batch."""
    return max(_list_workspaces(device, network, run), key=lambda each: (each.nbytes, each.batch), default=None)


def _list_workspaces(device: str, network: str, run: str) -> Iterator[Workspace]:
    version = torch.__version__
    for path in list_files(f"{spell_parts('workspaces', device)}-*{spell_parts(version, network)}"):
        kept = read_kept(Workspaces, path, SCHEMA)
        for each in () if kept is None else kept.found:
            if (each.device, each.torch, each.network, each.run) == (device, version, network, run):
                yield each
