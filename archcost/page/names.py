"""Names that others chose, made harmless: a pull request owns the names in its report."""

from __future__ import annotations

from html import escape

LONGEST = 200
COMMANDS = ("::", "##[", "##vso[")  # with these GitHub's and Azure's runners are told what to do
MARKS = frozenset("\\|*_`~[]!@#:")  # what Markdown, its tables and its links of addresses see also inside of HTML


def make_printable(text: str) -> str:
    r"""Write what does not print (newlines, colour codes, marks that turn the direction) as \n, \x1b, \u202e.

    What a runner of workflows would take for a command, "::error::", loses its first character to \x3a.
    """
    if not text.isprintable():
        text = "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)
    if text.lstrip().startswith(COMMANDS):  # a runner reads such a line of a log as a command to itself
        start = len(text) - len(text.lstrip())
        return f"{text[:start]}{write_ascii(text[start])}{text[start + 1 :]}"
    return text


def write_ascii(mark: str) -> str:
    """Write a character by its number."""
    return f"\\x{ord(mark):02x}"


def clean_lines(text: str) -> str:
    """Write every line of a message harmlessly; the line breaks stay."""
    return "\n".join(map(make_printable, text.split("\n")))


def cut_first_line(text: str) -> str:
    """Return what stands before the first line break."""
    return text.partition("\n")[0]


def shorten_text(text: str) -> str:
    """Cut the middle out of a text that no table has room for."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"


def write_plain(text: str) -> str:
    """Return a name as one line of plain text."""
    return shorten_text(make_printable(text))


def write_code(text: str, *, whole: bool = False) -> str:
    """Return a name as HTML code, which Markdown prints as it is: within it nobody is mentioned and nothing linked."""
    shown = make_printable(text) if whole else write_plain(text)
    safe = "".join(f"&#{ord(mark)};" if mark in MARKS else escape(mark) for mark in shown)
    return f"<code>{safe.replace('www.', 'www&#46;')}</code>"


def make_pattern(name: str) -> str:
    """Replace the numbers of blocks by "*": "blocks.3.fc1" and "blocks.4.fc1" are one."""
    return ".".join("*" if part.isdecimal() else part for part in name.split("."))
