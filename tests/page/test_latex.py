"""Pages as LaTeX."""

import re
import shutil
import subprocess

import pytest

from archcost.page.emit import emit
from archcost.page.latex import escape_text
from archcost.page.page import Cell, Column, Line, Page, Table
from archcost.render.report import render
from archcost.zoo import REGISTRY

DOCUMENT = r"""\documentclass{article}
\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{array,booktabs,longtable,lscape,textcomp}
\begin{document}
\input{page.tex}
\end{document}
"""


def make_page(names, cells=("1", "2")):
    columns = tuple(Column(name=name, heading=name) for name in ("a_b", "c")[: len(cells)])
    lines = tuple(Line(name=name, label=name, cells=tuple(Cell(text=text) for text in cells)) for name in names)
    return Page(title="50% of a_b & c", table=Table(heading="Layer", columns=columns, lines=lines))


def write(page):
    from archcost.page.latex import write_page

    return write_page(page)


def test_a_table_has_the_rules_of_booktabs_and_its_title_as_caption():
    text = write(make_page(["conv.0"]))
    assert r"\caption{50\% of a\_b \& c}" in text
    lines = text.splitlines()
    start = lines.index(r"\toprule")
    assert lines[start + 1 : start + 5] == [
        r"Layer & a\_b & c \\",
        r"\midrule",
        r"\texttt{conv.0} & 1 & 2 \\",
        r"\bottomrule",
    ]
    assert r"\begin{tabular}{lrr}" in text


def test_a_long_table_goes_over_pages():
    text = write(make_page([f"conv.{i}" for i in range(41)]))
    assert r"\begin{longtable}{lrr}" in text
    assert r"\endhead" in text
    assert "tabular" not in text


def make_prose(text):
    lines = make_page(["a"], [text]).table.lines
    return Page(
        title="A", table=Table(heading="Layer", columns=(Column(name="x", heading="x", numeric=False),), lines=lines)
    )


def test_a_column_of_prose_is_broken():
    text = write(make_prose("word " * 20))
    assert r"\footnotesize\setlength{\tabcolsep}{3pt}" in text
    assert r"\begin{tabular}{l>{\raggedright\arraybackslash}p{" in text


def test_a_path_may_break_in_a_column_of_prose_and_a_number_may_not():
    text = write(make_prose("word " * 20 + "block.conv_dw:1,234.5"))
    assert r"block.\allowbreak{}conv\_\allowbreak{}dw:1,234.5" in text
    assert r"\allowbreak" not in write(make_prose("block.conv_dw"))


def test_a_table_of_many_numbers_is_on_a_turned_page():
    columns = tuple(Column(name=f"n{i}", heading=f"n{i}") for i in range(12))
    lines = (Line(name="a", label="a", cells=tuple(Cell(text="1,234,567") for _ in columns)),)
    text = write(Page(title="A", table=Table(heading="Layer", columns=columns, lines=lines)))
    assert text.index(r"\begin{landscape}") < text.index(r"\begin{table}") < text.index(r"\end{landscape}")


@pytest.mark.parametrize("mark", list('\\&%$#_{}~^<>|"`'))
def test_every_mark_of_latex_is_escaped(mark):
    assert escape_text(f"a{mark}b") != f"a{mark}b"
    assert re.fullmatch(r"a(\\[&%$#_{}]|\\[a-z]+\{\})b", escape_text(f"a{mark}b"))


def test_the_totals_are_those_of_the_report(chain):
    text = render(chain, "latex")
    assert f"{chain.totals.params:,}" in text
    assert r"\midrule" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX")
def test_latex_sets_it(tmp_path, chain):
    from archcost.render.catalogue import build_document

    names = emit(build_document(list(REGISTRY.search("resnet"))), "latex")
    prose = write(make_prose("word " * 30 + "a.b_c/" + "0123456789abcdef" * 3))
    odd = write(make_page(['\\&%$#_{}~^<>|"`', "\u00b5\u00d7\u2212\u2192\u00b1\u2026\u2264\u00b7"]))
    (tmp_path / "page.tex").write_text(render(chain, "latex") + names + prose + odd, encoding="utf-8")
    (tmp_path / "all.tex").write_text(DOCUMENT, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert not re.findall(rb"Overfull .hbox \(\d{2,}", done.stdout.partition(b"all.aux")[2])
