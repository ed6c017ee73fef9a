"""`archcost report`: the lectures' pages, each written by the commands that it shows."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.options import check_writable, note, write
from archcost.cli.progress import show_progress
from archcost.errors import OutputError, PageError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.cli.steps import Progress


@click.command("report", short_help="Write the lectures' pages.")
@click.argument("names", nargs=-1, metavar="[PAGE]...")
@click.option(
    "-o", "--output", default="reports", show_default=True, metavar="FOLDER", help="Folder to write the pages to."
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(names: tuple[str, ...], output: str, quiet: bool) -> None:
    """Write pages for lectures, as Markdown with SVG: VGG-16's memory, inception arithmetic, the families, the claims.

    \b
    archcost report
    archcost report vgg16 inception -o slides

    Each page shows the commands that wrote it; the same commands write the same bytes again.
    """  # noqa: D301 - click reads the \b
    from archcost.lectures import INDEX, LECTURES, find_lecture, write_index, write_page
    from archcost.profiling.many import remember_reports

    chosen = [find_lecture(name) for name in names or LECTURES]
    folder = Path(output)
    if folder.is_file():
        raise OutputError(f"-o {folder}: that is a file, not a folder")
    check_writable(folder / INDEX if folder.is_dir() else folder)
    with (
        show_progress(sum(len(each.commands) for each in chosen), "Writing", quiet=quiet) as advance,
        remember_reports(),
    ):
        for each in chosen:
            for path in (INDEX, *each.files):
                _make_folder((folder / path).parent)
            run = partial(_run_below, each.name, folder, advance)
            write(write_page(each, run), str(folder / f"{each.name}.md"))
    write(write_index(_yield_others(folder)), str(folder / INDEX))
    note(f"{folder / INDEX} leads to the pages", quiet=quiet)


def _make_folder(folder: Path) -> None:
    """Create a folder unless it exists.

    Raises:
        WriteError: the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"-o {folder}: {error.strerror or error}; it could not be made") from error


def _move_below(folder: Path, arguments: Sequence[str]) -> list[str]:
    """Return a command whose output files lie below a folder."""
    before = ("", *arguments)
    return [str(folder / each) if flag == "-o" else each for flag, each in zip(before, arguments, strict=False)]


def _run_below(name: str, folder: Path, advance: Progress, arguments: Sequence[str]) -> str:
    """Run a command of a page, with its files below a folder; return its output."""
    advance.begin(f"{name}: archcost {' '.join(arguments)}")
    printed = run_command(_move_below(folder, arguments))
    advance(name)
    return printed


def run_command(arguments: Sequence[str]) -> str:
    """Run a command of a page; return its output.

    Raises:
        PageError: the command failed.
    """
    from archcost.cli import INTERRUPTED, run

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as said:
        code = run(arguments)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        reason = said.getvalue().strip().removeprefix("archcost: ")
        raise PageError(f"`archcost {' '.join(arguments)}` ended with exit code {code}: {reason}")
    return out.getvalue()


def _yield_others(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the pages of measurements, which `benchmarks/` writes beside the lectures' pages, and their titles."""
    for path in sorted((folder / "measured").glob("*.md")):
        yield f"measured/{path.name}", path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
