"""Memory against batch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archcost.page.emit import emit
from archcost.records import BatchMemory, Fit
from archcost.render.fitting import build_document, say_answer

FIT = Fit(
    network="net",
    mode="train",
    optimizer="adam",
    memory_bytes=4000,
    param_bytes=500,
    fixed_bytes=2000,
    batch=2,
    points=(
        BatchMemory(phase="backward", batch=1, peak_bytes=3000),
        BatchMemory(phase="backward", batch=2, peak_bytes=4000),
        BatchMemory(phase="backward", batch=3, peak_bytes=5000),
    ),
)


def test_the_answer_and_every_batch_are_shown():
    text = emit(build_document(FIT))
    assert text.startswith("net: the largest batch in 4.000 kB is 2 images\ntraining with adam\n")
    assert [line.split() for line in text.splitlines()[5:8]] == [
        ["1", "3,000", "3.000", "kB", "75.0"],
        ["2", "4,000", "4.000", "kB", "100.0", "the", "largest", "that", "fits"],
        ["3", "5,000", "5.000", "kB", "125.0", "too", "much"],
    ]
    assert "2.000 kB are parameters, buffers, gradients and optimizer state." in text


def test_rows_are_raw():
    assert emit(build_document(FIT), "csv") == "batch,peak_bytes,fits\n1,3000,1\n2,4000,1\n3,5000,0\n"


def test_markdown_and_html_have_the_table():
    assert "| `2` | 4,000 | 4.000 kB | 100.0 | the largest that fits |" in emit(build_document(FIT), "markdown")
    assert "the largest that fits" in emit(build_document(FIT), "html")


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"memory_bytes": 400}, "its parameters alone, 500 B, do not fit into 400 B"),
        ({"memory_bytes": 1000}, "optimizer state alone, 2.000 kB, do not fit into 1.000 kB"),
        ({"memory_bytes": 2500}, "a batch of 1 needs 3.000 kB, more than 2.500 kB"),
    ],
)
def test_what_does_not_fit_is_named(known, text):
    assert text in say_answer(replace(FIT, batch=None, **known))
