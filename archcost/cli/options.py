"""What several commands share: options, and writing a result."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING, Any, TextIO

import click

from archcost.errors import OutputError, WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from click.shell_completion import CompletionItem

SUFFIXES = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".txt": "table",
}


def network_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell completes in a NET's place: names of the zoo, or files (in bash where no name fits)."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from archcost.zoo import REGISTRY

    names = [name for name in REGISTRY.names if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, names)]


def network_options(command: Any) -> Any:
    """Add NET, --input, --batch and --device: what is run, on what, where."""
    for option in (
        click.option(
            "--device", default="auto", show_default=True, metavar="auto|meta|cpu|cuda", help="Where it is run."
        ),
        click.option("--batch", type=click.IntRange(min=0), default=1, show_default=True, help="Images in the batch."),
        click.option(
            "--input", "inputs", multiple=True, metavar="SHAPE",
            help="3x224x224, 128:int64 or name=128:bool; repeatable.",
        ),
        click.argument("network", shell_complete=network_names, metavar="NET"),
    ):  # fmt: skip
        command = option(command)
    return command


def output_options(*formats: str, several: bool = False) -> Callable[[Any], Any]:
    """Add --format, -o (`several`: more than once), --color, --debug and --quiet."""
    repeated: dict[str, Any] = {"multiple": True} if several else {}

    def add(command: Any) -> Any:
        for option in (
            click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
            click.option("-q", "--quiet", is_flag=True, help="Print no notes to stderr."),
            click.option(
                "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the table."
            ),
            click.option(
                "-o", "--output", metavar="FILE", **repeated,
                help="Write to a file; its suffix chooses the format." + (" Repeatable." if several else ""),
            ),
            click.option("--format", "format_", type=click.Choice(formats), help="Form of the result."),
        ):  # fmt: skip
            command = option(command)
        return command

    return add


def chosen_format(
    format_: str | None, output: str | None, default: str = "table", suffixes: Mapping[str, str] = SUFFIXES
) -> str:
    """Return the format that was asked for, by name or by the file's suffix.

    Raises:
        OutputError: a suffix that means nothing to the command, or a file that cannot be written there.
    """
    if output is not None and output != "-":
        check_writable(Path(output))
        if format_ is None:
            known = {suffix: name for suffix, name in suffixes.items() if name in _formats()}
            suffix = Path(output).suffix.lower()
            if suffix not in known:
                raise OutputError(f"-o {output}: the suffix must be one of {', '.join(known)}, or give --format")
            return known[suffix]
    return format_ or default


def _formats() -> Sequence[str]:
    """Return what the --format of the command that is running takes."""
    options = click.get_current_context().command.params
    return next(
        option.type.choices for option in options if isinstance(option.type, click.Choice) and option.name == "format_"
    )


def check_writable(path: Path) -> None:
    """Find out before the work whether a file can be written.

    Raises:
        OutputError: the folder is missing or closed, or the path is a folder.
    """
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"-o {path}: there is no folder {str(folder)!r}")
    if path.is_dir():
        raise OutputError(f"-o {path}: that is a folder, not a file")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise OutputError(f"-o {path}: permission denied")


def target_of(output: str | None) -> TextIO | None:
    """Return stdout where the result goes there."""
    return sys.stdout if output in {None, "-"} else None


def write(result: str | bytes, output: str | None) -> None:
    """Print a result, or write it aside and rename it, so that a failure leaves the old file whole.

    Raises:
        WriteError: the disk is full, or stdout takes no more.
    """
    if output is None or output == "-":
        _print(result)
        return
    import tempfile  # brings shutil and random, for which --help and completion must not wait

    path = Path(output).resolve()  # a link stays; what it points to is replaced
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
        aside.chmod(S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask())
        aside.replace(path)
    except OSError as error:
        if aside is not None:
            aside.unlink(missing_ok=True)
        raise WriteError(f"-o {path}: {error.strerror or error}; nothing was written") from error


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
def stdout_kept() -> Iterator[None]:
    """Send what a network's own code prints to stderr: stdout is for the result."""
    with redirect_stdout(sys.stderr):
        yield


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def note(text: str, *, quiet: bool) -> None:
    """Tell the user something on stderr."""
    if not quiet:
        click.echo(f"archcost: {text}", err=True)
