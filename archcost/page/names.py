"""Harmless forms of untrusted names: the author of a pull request chooses the names in its report."""

from __future__ import annotations

from html import escape

LONGEST = 200
COMMANDS = ("::", "##[", "##vso[")  # the runners of GitHub and Azure read these as commands
MARKS = frozenset("\\|*_`~[]!@#:")  # characters that Markdown interprets even inside HTML


def make_printable(text: str) -> str:
    r"""Write characters that do not print (newlines, colour codes, direction marks) as \n, \x1b, \u202e.

    In a text that a workflow runner would read as a command ("::error::"), the first character becomes \x3a.
    """
    if not text.isprintable():
        text = "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)
    if text.lstrip().startswith(COMMANDS):  # a runner reads such a line of a log as a command
        start = len(text) - len(text.lstrip())
        return f"{text[:start]}{write_ascii(text[start])}{text[start + 1 :]}"
    return text


def write_ascii(mark: str) -> str:
    """Return the escape of a character."""
    return f"\\x{ord(mark):02x}"


def clean_lines(text: str) -> str:
    """Make every line of a message harmless and keep the line breaks."""
    return "\n".join(map(make_printable, text.split("\n")))


def cut_first_line(text: str) -> str:
    """Return the text before the first line break."""
    return text.partition("\n")[0]


def shorten_text(text: str) -> str:
    """Shorten a text that is too long for a table by cutting its middle."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"


def write_plain(text: str) -> str:
    """Return a name as one line of plain text."""
    return shorten_text(make_printable(text))


def write_code(text: str, *, whole: bool = False) -> str:
    """Return a name as HTML code, in which Markdown neither mentions users nor makes links."""
    shown = make_printable(text) if whole else write_plain(text)
    safe = "".join(f"&#{ord(mark)};" if mark in MARKS else escape(mark) for mark in shown)
    return f"<code>{safe.replace('www.', 'www&#46;')}</code>"


def make_pattern(name: str) -> str:
    """Replace the numbers of blocks by "*": "blocks.3.fc1" and "blocks.4.fc1" are one."""
    return ".".join("*" if part.isdecimal() else part for part in name.split("."))
