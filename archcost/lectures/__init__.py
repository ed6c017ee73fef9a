"""The lectures' pages: prose around commands, each followed by what it prints. `archcost report` writes them."""

from archcost.lectures.lectures import (
    INDEX as INDEX,
    LECTURES as LECTURES,
    Lecture as Lecture,
    index as index,
    lecture as lecture,
    page as page,
)
