"""The sources of a slide's figures and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import __version__
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.zoo import Paper

OURS = f"archcost {__version__}"


def list_sources(names: Iterable[str]) -> tuple[str, ...]:
    """Return archcost, and the papers of the named networks that are in the zoo."""
    papers = (REGISTRY.find(spec).paper for name in names if (spec := name.partition("?")[0]) in REGISTRY)
    return (OURS, *dict.fromkeys(map(_spell_paper, papers)))


def _spell_paper(paper: Paper) -> str:
    first = paper.authors.split(",")[0]
    return f"{first} {paper.year}" + (f", arXiv:{paper.arxiv}" if paper.arxiv else f", {paper.venue}")
