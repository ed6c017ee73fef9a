"""The lectures' pages: prose around commands, each with its output. `archcost report` writes them."""

from archcost.lectures.lectures import (
    INDEX as INDEX,
    LECTURES as LECTURES,
    Lecture as Lecture,
    Part as Part,
    Section as Section,
    find_lecture as find_lecture,
    write_index as write_index,
    write_page as write_page,
)
