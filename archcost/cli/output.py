"""The outputs of a command: --format, -o, --color and --quiet as one record."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archcost.cli.groups import add_group
from archcost.cli.options import check_writable, note, write
from archcost.errors import OutputError
from archcost.page.document import COMMON
from archcost.page.formats import list_suffixes, select_formats
from archcost.page.target import COLORS, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from click.shell_completion import CompletionItem

    from archcost.page.document import Document, Part

_COLLECTED: ContextVar[list[Document] | None] = ContextVar("documents", default=None)
RENAMED = {"terminal": "table"}  # the name in older workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The requested formats, each with its file or None for stdout."""

    forms: tuple[tuple[str, str | None], ...]
    color: str = "auto"
    quiet: bool = False

    @property
    def formats(self) -> list[str]:
        """Return the requested formats."""
        return [form for form, _ in self.forms]

    def note(self, text: str) -> None:
        """Write a note to stderr."""
        note(text, quiet=self.quiet)

    def warn(self, text: str) -> None:
        """Write to stderr a remark of the table, if no table is requested."""
        if "table" not in self.formats:
            self.note(text)

    def write(self, document: Document) -> None:
        """Write a result in every requested format.

        Raises:
            WriteError: a file or stdout could not be written.
        """
        from archcost.page.emit import emit_any

        collected = _COLLECTED.get()
        if collected is not None:
            collected.append(document)
            return
        for form, file in self.forms:
            target = Target(stream=sys.stdout if file is None else None, color=self.color)
            write(emit_any(document, form, target), file)


@contextmanager
def collect_documents() -> Iterator[list[Document]]:
    """Collect the documents of commands that run in this context, instead of writing them."""
    documents: list[Document] = []
    token = _COLLECTED.set(documents)
    try:
        yield documents
    finally:
        _COLLECTED.reset(token)


class FormatName(click.ParamType):  # type: ignore[type-arg]  # click before 8.2 has no arguments here
    """The parameter type of format names, which reads the table of formats on demand."""

    name = "format"

    def __init__(self, parts: Collection[Part]) -> None:
        self.parts = parts

    def get_metavar(self, *_: Any, **__: Any) -> str:  # click before 8.2 passes fewer arguments
        """Return the names for --help."""
        return f"[{'|'.join(select_formats(self.parts))}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a known name; refuse any other."""
        choice: Any = click.Choice(list(select_formats(self.parts)))
        return choice.convert(RENAMED.get(value, value), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete a name, with the format's help."""
        del ctx, param
        from click.shell_completion import CompletionItem

        known = select_formats(self.parts).values()
        return [CompletionItem(form.name, help=form.help) for form in known if form.name.startswith(incomplete)]


def add_output(*more: Part) -> Callable[[Any], Any]:
    """Add --format, -o, --color, --debug and --quiet; the command gets them as `output`.

    `more` are the parts that the command's documents have beside the common ones.
    """
    parts = (*COMMON, *more)
    return add_group(
        "output",
        partial(_read_output, parts),
        click.option("--format", "format_", type=FormatName(parts), help="Format of the result."),
        click.option(
            "-o", "--output", "outputs", multiple=True, metavar="FILE",
            help="Write to a file; its suffix chooses the format. Repeatable.",
        ),
        click.option("--color", type=click.Choice(COLORS), default="auto", help="Colour the table."),
        click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr."),
        click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
    )  # fmt: skip


def _read_output(
    parts: Collection[Part], format_: str | None, outputs: Sequence[str], color: str, *, quiet: bool
) -> Output:
    """Return the requested formats. --format applies to stdout, or to a single file.

    Raises:
        OutputError: a file cannot be written, or its suffix names no format of the command.
    """
    files = [None if each == "-" else each for each in outputs] or [None]
    alone = len(files) == 1
    forms = [(_choose_format(parts, format_ if alone or file is None else None, file), file) for file in files]
    return Output(forms=tuple(forms), color=color, quiet=quiet)


def _choose_format(parts: Collection[Part], format_: str | None, file: str | None) -> str:
    if file is None:
        return format_ or "table"
    check_writable(Path(file))
    known = list_suffixes(parts)
    suffix = Path(file).suffix.lower()
    if format_ is None and suffix not in known:
        raise OutputError(f"-o {file}: the suffix must be one of {', '.join(known)}, or give --format")
    return format_ or known[suffix]
