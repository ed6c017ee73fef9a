"""Helpers of several commands: completion of network names, writing of results, notes."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING

import click

from archcost.errors import OutputError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem


def complete_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return completions for NET: names from sources, or files (in bash, if no name matches)."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from archcost.sources.selection import complete

    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, complete(incomplete))]


def check_writable(path: Path, option: str = "-o") -> None:
    """Check before the work that a file can be written.

    Raises:
        OutputError: the folder is missing or closed, or the path is a folder or names no file.
    """
    try:
        problem = _find_problem(path)
    except (OSError, ValueError) as error:  # the name is too long or invalid
        problem = getattr(error, "strerror", None) or str(error)
    if problem:
        raise OutputError(f"{option} {path}: {problem}")


def _find_problem(path: Path) -> str | None:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {str(folder)!r}"
    if path.is_dir():
        return "that is a folder, not a file"
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return "permission denied"
    return None


def follow_links(path: str) -> Path:
    """Return a path without links, even for circular links, for which `Path.resolve` raises."""
    return Path(os.path.realpath(path))


def write(result: str | bytes, output: str | None) -> None:
    """Print a result, or write it to a temporary file and rename it, so that a failure leaves the old file whole.

    Raises:
        WriteError: the disk is full, or stdout takes no more.
    """
    if output is None or output == "-":
        _print(result)
        return
    import tempfile  # imports shutil and random, for which --help and completion must not wait

    path = follow_links(output)  # replace the link's target, not the link
    if isinstance(result, str):
        result = (result if result.endswith("\n") else result + "\n").encode()
    aside = None
    try:
        if path.exists() and not path.is_file():  # write to a device or a pipe, do not replace it
            path.write_bytes(result)
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            aside = Path(file.name)
            file.write(result)
        aside.chmod(S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_read_umask())
        aside.replace(path)
        aside = None
    except OSError as error:
        raise WriteError(f"-o {path}: {error.strerror or error}; nothing was written") from error
    finally:  # even after an interrupt
        if aside is not None:
            aside.unlink(missing_ok=True)


def _print(result: str | bytes) -> None:
    if sys.stdout is None:
        raise WriteError("the result could not be printed: stdout is closed; give -o FILE")
    try:
        whole = isinstance(result, bytes) or result.endswith("\n")
        click.echo(result, nl=not whole, color=True)  # the text has its colours already
        sys.stdout.flush()
    except OSError as error:
        # keep the interpreter from flushing the rest when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader (`| head`) has seen enough
            raise click.exceptions.Exit(0) from None
        raise WriteError(f"the result could not be printed: {error.strerror or error}") from error


@contextmanager
def keep_process() -> Iterator[None]:
    """Reserve stdout for the result, even below Python, and keep the current folder, whatever the network's code does.

    Its output goes to stderr.
    """
    here = os.getcwd()  # noqa: PTH109 - a text, to return to
    with redirect_stdout(sys.stderr), _lead_to_stderr():
        try:
            yield
        finally:
            with suppress(OSError):  # the folder was removed
                os.chdir(here)


@contextmanager
def _lead_to_stderr() -> Iterator[None]:
    """Redirect the descriptor of stdout to stderr, for C code and for programs that a network starts."""
    try:
        kept = os.dup(1)
    except OSError:  # it is closed
        yield
        return
    try:
        os.dup2(2, 1)
        yield
    finally:
        _flush_c()
        os.dup2(kept, 1)
        os.close(kept)


def _flush_c() -> None:
    """Flush C's output buffers."""
    if "torch" in sys.modules:  # torch has imported ctypes; without torch, no network has run
        import ctypes

        with suppress(OSError, TypeError):  # Windows has no such handle
            ctypes.CDLL(None).fflush(None)


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def note(text: str, *, quiet: bool) -> None:
    """Write a note to stderr."""
    if not quiet:
        from archcost.page.names import clean_lines

        click.echo(f"archcost: {clean_lines(text)}", err=True)
