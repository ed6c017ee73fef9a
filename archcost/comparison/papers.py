"""The paper that introduced each architecture, and its year.

An identifier of arXiv starts with the year and the month of the first version. A paper that is not on arXiv has the
year of its proceedings, or of its announcement. The weights of an architecture may be newer. A size, or a variant
without a paper of its own, counts with the paper that timm or torchvision cites for its design; if it combines several
designs, with the newest. Without such a paper the year is unknown.
"""

from __future__ import annotations

import csv
import re
from fnmatch import translate
from functools import cache
from pathlib import Path

from archcost.records.published import Paper

TABLE = Path(__file__).parents[1] / "data" / "papers.csv"


@cache
def read_papers() -> tuple[Paper, ...]:
    """Return the papers, the oldest first."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Paper(
                year=int(row["year"]),
                title=row["title"],
                source=row["source"],
                architectures=tuple(row["architectures"].split()),
            )
            for row in csv.DictReader(file)
        )


@cache
def find_paper(architecture: str) -> Paper | None:
    """Return the paper that introduced an architecture; None if it is unknown.

    Example:
        >>> find_paper("resnet50d").title
        'Bag of Tricks for Image Classification with Convolutional Neural Networks'
    """
    return next((paper for paper, names in _compile_patterns() if names.match(architecture)), None)


@cache
def _compile_patterns() -> tuple[tuple[Paper, re.Pattern[str]], ...]:
    return tuple((paper, re.compile("|".join(map(translate, paper.architectures)))) for paper in read_papers())
