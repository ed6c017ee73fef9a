"""What several commands share: names of networks, writing a result, notes and progress."""

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
    """Return what a shell completes in a NET's place: what a source lists, or files (in bash where no name fits)."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from archcost.sources.selection import complete

    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, complete(incomplete))]


def check_writable(path: Path, option: str = "-o") -> None:
    """Find out before the work whether a file can be written.

    Raises:
        OutputError: the folder is missing or closed, or the path is a folder, or names no file.
    """
    try:
        problem = _find_problem(path)
    except (OSError, ValueError) as error:  # a name that is too long, or that no file can have
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
    """Return where a path leads; `Path.resolve` raises for links in a circle, which then cannot be opened."""
    return Path(os.path.realpath(path))


def write(result: str | bytes, output: str | None) -> None:
    """Print a result, or write it aside and rename it, so that a failure leaves the old file whole.

    Raises:
        WriteError: the disk is full, or stdout takes no more.
    """
    if output is None or output == "-":
        _print(result)
        return
    import tempfile  # brings shutil and random, for which --help and completion must not wait

    path = follow_links(output)  # a link stays; what it points to is replaced
    if isinstance(result, str):
        result = (result if result.endswith("\n") else result + "\n").encode()
    aside = None
    try:
        if path.exists() and not path.is_file():  # a device or a pipe is written to, not replaced
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
    finally:  # also where the user interrupts
        if aside is not None:
            aside.unlink(missing_ok=True)


def _print(result: str | bytes) -> None:
    if sys.stdout is None:
        raise WriteError("the result could not be printed: stdout is closed; give -o FILE")
    try:
        whole = isinstance(result, bytes) or result.endswith("\n")
        click.echo(result, nl=not whole, color=True)  # whether it has colour is decided already
        sys.stdout.flush()
    except OSError as error:
        # keep the interpreter from writing what is left when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader (`| head`) has seen enough
            raise click.exceptions.Exit(0) from None
        raise WriteError(f"the result could not be printed: {error.strerror or error}") from error


@contextmanager
def keep_process() -> Iterator[None]:
    """Keep stdout for the result, also below Python, and the current folder, whatever a network's own code does.

    What it prints goes to stderr.
    """
    here = os.getcwd()  # noqa: PTH109 - a text, to return to
    with redirect_stdout(sys.stderr), _lead_to_stderr():
        try:
            yield
        finally:
            with suppress(OSError):  # the folder is gone
                os.chdir(here)


@contextmanager
def _lead_to_stderr() -> Iterator[None]:
    """Have the descriptor of stdout mean stderr: for C's own printing, and for the programs that a network starts."""
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
    """Have C write what it holds back of what was printed."""
    if "torch" in sys.modules:  # which has imported ctypes; without it no network has run
        import ctypes

        with suppress(OSError, TypeError):  # Windows has no handle of that kind
            ctypes.CDLL(None).fflush(None)


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def note(text: str, *, quiet: bool) -> None:
    """Tell the user something on stderr."""
    if not quiet:
        from archcost.page.names import clean_lines

        click.echo(f"archcost: {clean_lines(text)}", err=True)
