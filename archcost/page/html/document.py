"""The HTML document: self-contained, with a policy that blocks everything else."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from archcost.page.html.markup import escape_text, write_element
from archcost.page.html.sections import yield_sections
from archcost.page.html.table import write_bar_rules
from archcost.page.page import clean_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.page.document import Document
    from archcost.page.target import Target

ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Cpath fill='%230072b2' d='M0 8V1h2v7zm3 0V3h2v5zm3 0V5h2v3z'/%3E%3C/svg%3E"  # noqa: E501
SCRIPTS = ("rows.js", "bars.js", "take.js", "script.js")  # each script uses the ones before it


def write_text(document: Document, target: Target) -> str:
    """Return a document's pages as one self-contained file, headed by the first page's title."""
    del target
    pages = list(map(clean_page, document.pages()))
    title = escape_text(pages[0].title)
    style, script = _read_resources()
    body = [
        f'<header><h1>{title}</h1><button type="button" id="theme" hidden>Theme: automatic</button></header>',
        "<main>",
        *(part for n, page in enumerate(pages) for part in yield_sections(page, f"page{n}", headed=n > 0)),
        "</main>",
    ]
    return write_file(title, style, script, body)


def write_file(title: str, style: str, script: str, body: Iterable[str]) -> str:
    """Return a self-contained file whose policy allows only this style and this script."""
    policy = (
        f"default-src 'none'; style-src {_hash_source(style)}; script-src {_hash_source(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<link rel="icon" href="{ICON}">',
        write_element("title", title),
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        *body,
        f"<script>{script}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


@cache
def _read_resources() -> tuple[str, str]:
    """Return the style sheet and the script."""
    style, *scripts = (read_page_file("archcost.page.html", name) for name in ("style.css", *SCRIPTS))
    return style + write_bar_rules(), join_scripts(*scripts)


def read_page_file(folder: str, name: str) -> str:
    """Return a style sheet or script of a package folder, such as "archcost.page.html"."""
    return files(folder).joinpath(name).read_text(encoding="utf-8")


def join_scripts(*scripts: str) -> str:
    """Return scripts as one script with a scope of its own, in which each uses those before it."""
    block = "\n".join(scripts)
    return f'"use strict";\n{{\n{block}}}\n'


def _hash_source(content: str) -> str:
    """Return the hash by which the policy allows an inline style or script."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
