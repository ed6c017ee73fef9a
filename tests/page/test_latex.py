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
\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{booktabs,longtable,textcomp}
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


def test_a_column_of_prose_is_broken():
    page = make_page(["a"], ["word " * 20])
    table = Table(heading="Layer", columns=(Column(name="x", heading="x", numeric=False),), lines=page.table.lines)
    assert r"{lp{0.25\linewidth}}" in write(Page(title="A", table=table))


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
    odd = write(make_page(['\\&%$#_{}~^<>|"`', "\u00b5\u00d7\u2212\u2192\u00b1\u2026\u2264\u00b7"]))
    (tmp_path / "page.tex").write_text(render(chain, "latex") + names + odd, encoding="utf-8")
    (tmp_path / "all.tex").write_text(DOCUMENT, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
