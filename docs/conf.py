"""The documentation site: `python -m sphinx -W --keep-going -b html docs site` writes it to site/."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from notebook_page import write_page  # noqa: E402

import archcost  # noqa: E402 - from this tree
from archcost.sources.table import describe_forms  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "archcost"
author = copyright = "the archcost developers"
release = archcost.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["github", "gitlab"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
html_theme = "furo"
html_title = "archcost"
suppress_warnings = [
    "myst.header",  # a report's tables stand under headings of the third level
]
smartquotes = False  # two hyphens begin an option
FORMS = describe_forms()
REPORTS = ROOT / "docs" / "reports"  # a copy, which git ignores


def setup(app: Sphinx) -> None:
    """Copy the reports and run the notebook before Sphinx looks for pages, and say how it reads the commands' help."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    shutil.copytree(ROOT / "reports", REPORTS)
    write_page(ROOT / "docs" / "notebooks" / "tour.ipynb")  # git ignores the page
    app.connect("autodoc-skip-member", _skip)
    app.connect("source-read", _find_copied_reports)
    app.connect("sphinx-click-process-description", _spell_help)
    app.connect("sphinx-click-process-options", _spell_help)


def _find_copied_reports(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Let links to `reports/`, which lead out of `docs/` in the repository, lead to the copy."""
    source[0] = re.sub(r"\]\((\.\./)+reports/", "](/reports/", source[0])


def _spell_help(_app: Sphinx, _command: Any, lines: list[str]) -> None:
    """Show the examples of a help text as code, and keep patterns such as 'timm:*' from being read as emphasis."""
    for place, line in enumerate(lines):
        lead, example, rest = line.partition("archcost ")
        if example and lead.strip() == "|":
            lines[place] = f"{lead}``{example}{rest}``"
        elif not line.lstrip().startswith(".."):
            lines[place] = line.replace("*", r"\*").replace("{forms}", FORMS)


def _skip(_app: Any, _what: str, _name: str, obj: Any, skip: bool, _options: Any) -> bool:
    """Leave out members that only say again what dataclasses have."""
    return skip or getattr(obj, "__name__", "") in {"__init__", "__post_init__"}
