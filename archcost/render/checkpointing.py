"""The modules to checkpoint so that a batch fits: the cost, and the code to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.page.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Checkpoint

HEAD = ("from functools import partial", "from torch.utils.checkpoint import checkpoint", "")
MODULES = (
    "    module = network.get_submodule(path)",
    "    module.forward = partial(checkpoint, module.forward, use_reentrant=False)",
)
RUNS = (
    "def run(layers, given):",
    "    for layer in layers:",
    "        given = layer(given)",
    "    return given",
    "",
    "def run_in_parts(layers, ends, given):",
    "    place = 0",
    "    while place < len(layers):",
    "        end = ends.get(place, place + 1)",
    "        part = partial(run, layers[place:end])",
    "        given = checkpoint(part, given, use_reentrant=False) if place in ends else part(given)",
    "        place = end",
    "    return given",
    "",
    "for path, ends in {",
)
CHAINS = (
    "}.items():",
    "    module = network.get_submodule(path)",
    "    module.forward = partial(run_in_parts, list(module.children()), ends)",
)


def build_page(found: Checkpoint, *, binary: bool) -> Page:
    """Return the page of the modules to checkpoint, with the saved memory, the extra work, and the code."""
    if not found.modules:
        return Page(title="nothing has to be computed again")
    count = len(found.modules)
    saved, before, needed = (
        units.short(nbytes, "B", binary=binary)
        for nbytes in (found.saved_bytes, found.all_saved_bytes, found.all_needed_bytes)
    )
    share = units.share(found.extra_operations, found.operations)
    return Page(
        title=f"computed again in the backward pass: {units.exact(count)} {'module' if count == 1 else 'modules'}",
        facts=(
            f"{share} % more operations",
            f"autograd keeps {saved} instead of {before}",
            f"all kept, the batch needs {needed}",
        ),
        listing=tuple(_write_code(found)),
        conventions="A batch norm that is computed again moves its running statistics twice for each step.",
    )


def _write_code(found: Checkpoint) -> Iterator[str]:
    """Return the code that makes torch checkpoint these modules."""
    yield from HEAD
    modules = [name for name in found.modules if not name.endswith("]")]
    if modules:
        yield "for path in ("
        yield from (f"    {name!r}," for name in modules)
        yield "):"
        yield from MODULES
    runs: dict[str, dict[int, int]] = {}
    for name in found.modules:
        if name.endswith("]"):
            path, _, bounds = name[:-1].rpartition("[")
            start, _, end = bounds.partition(":")
            runs.setdefault(path, {})[int(start)] = int(end)
    if runs:
        yield from ("", *RUNS) if modules else RUNS
        yield from (f"    {path!r}: {ends}," for path, ends in runs.items())
        yield from CHAINS
