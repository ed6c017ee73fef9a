"""The command line: parse, call, print. `--help` and `list` import click and nothing heavier."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from archcost import __version__
from archcost.errors import ArchcostError, BuildError, UsageError, WalkError, cut, first_line, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

# name: (module, help); a command's module is imported when the command is used. No module has a builtin's name:
# importing archcost.cli.list would replace `list`.
COMMANDS = {
    "profile": ("archcost.cli.profile", "Count what a network costs, layer by layer."),
    "fit": ("archcost.cli.fit", "Find the largest batch that fits into a memory."),
    "generate": ("archcost.cli.generate", "Count what generating text costs: prefill, decode, cache."),
    "time": ("archcost.cli.time_command", "Measure how long a network takes, over batches and dtypes."),
    "device": ("archcost.cli.device", "Measure what a device can do at best."),
    "compare": ("archcost.cli.compare", "Put networks side by side: cost, accuracy, accuracy per parameter."),
    "alternatives": ("archcost.cli.alternatives", "Find networks that are as accurate and cost no more."),
    "survey": ("archcost.cli.survey", "Survey published networks: costs and times, accuracy at equal cost."),
    "atlas": ("archcost.cli.atlas", "Write a page to explore all published networks."),
    "plot": ("archcost.cli.plot", "Draw a chart: accuracy against cost, memory, layers."),
    "draw": ("archcost.cli.draw", "Draw a network as a diagram, with what each box costs."),
    "explore": ("archcost.cli.explore", "Write a page on which a reader changes a network's layers."),
    "diff": ("archcost.cli.diff", "Say what changed between two networks, and which layers explain it."),
    "check": ("archcost.cli.check", "Compare a project's networks with what was accepted, by its budgets."),
    "history": ("archcost.cli.history", "Show what networks cost from commit to commit."),
    "init": ("archcost.cli.init", "Add networks to pyproject.toml, for check."),
    "list": ("archcost.cli.list_command", "List the networks of the zoo, by family."),
    "rules": ("archcost.cli.rules", "List the rules that operators are counted by."),
    "claims": ("archcost.cli.claims", "Put published figures beside measured ones."),
    "explain": ("archcost.cli.explain", "Find which convention gives a printed figure."),
    "quiz": ("archcost.cli.quiz", "Ask questions about a network, with worked answers."),
    "slides": ("archcost.cli.slides", "Write slides about a lecture's page or a network."),
    "report": ("archcost.cli.report", "Write the lectures' pages."),
    "verify": ("archcost.cli.verify", "Put other counters' figures beside archcost's."),
}
INTERRUPTED = 130
MOST_LINES = 60  # the most characters of a message: a deep network has many frames
MANY_OBJECTS = 200_000  # about the number of objects that importing torch creates for good


class LazyGroup(click.Group):
    """A group that imports a command only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the group's help with the sources' forms of network names."""
        from archcost.sources.table import describe_forms

        self.help = (self.help or "").replace("{forms}", describe_forms())
        super().format_help_text(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name without importing any, or an option of the group."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, (_, text) in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest `profile` if a network's name is in place of a command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from archcost.zoo import REGISTRY

            if args and args[0] in REGISTRY:
                raise click.UsageError(f"{error.message} Did you mean `archcost profile {args[0]}`?", ctx) from None
            raise


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="archcost")
def archcost() -> None:
    """What a neural network's architecture costs, layer by layer.

    NET is {forms}, with arguments after a question mark: vgg16?num_classes=10.
    NET::MODULE is one of its modules, on the input that it gets inside: resnet50::conv3_x.0.

    Exit codes: 0 fine, 1 a check failed, 2 a wrong request, 3 it could not be done, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code at once, without freeing objects.

    Tearing down torch's modules takes a third of the time of importing them, and so does garbage collection meanwhile.
    """
    gc.set_threshold(MANY_OBJECTS)
    for name in ("SIGTERM", "SIGHUP"):  # a cancelled job must clean up as after an interrupt
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    try:
        code = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:  # a second interrupt, during the handling of the first
        code = INTERRUPTED
    if "torch" in sys.modules:
        atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter would call
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # closed or full, which `run` has reported
                stream.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; return its exit code. Results go to stdout, everything else to stderr."""
    try:
        _refuse_nul(arguments)
        archcost.main(args=list(arguments), prog_name="archcost", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(_clean(shown.getvalue().rstrip("\n")), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("archcost: interrupted", err=True)
        return INTERRUPTED
    except ArchcostError as error:
        if "--debug" in arguments:
            traceback.print_exc()
        message = str(error) if "--debug" in arguments else _spell_error(error)
        click.echo(f"archcost: {_clean(message)}", err=True)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - whatever a network or a bug of ours raises, 1 would mean a failed check
        if "--debug" in arguments:
            traceback.print_exc()
        hint = "" if "--debug" in arguments else "; --debug shows where"
        click.echo(f"archcost: unexpected {type(error).__name__}: {_clean(first_line(error))}{hint}", err=True)
        return ArchcostError.exit_code
    return 0


def _refuse_nul(arguments: Sequence[str]) -> None:
    """Refuse NUL characters, which neither a shell nor a file name can contain.

    Raises:
        UsageError: an argument has a NUL character.
    """
    for each in arguments:
        if "\0" in each:
            raise UsageError(f"{quote(each)} has a NUL character, which nothing has in its name")


def _spell_error(error: ArchcostError) -> str:
    """Return an error's message; on a terminal, first show where the user's code failed, instead of its frames."""
    if isinstance(error, BuildError | WalkError):
        from archcost.cli.progress import is_watched

        if is_watched():
            from archcost.cli.own_code import show_own_code

            return show_own_code(error)
    return str(error)


def _clean(message: str) -> str:
    """Make a message safe for terminals and workflow runners, and readable."""
    from archcost.page.names import clean_lines

    lines = message.split("\n")
    if len(lines) > MOST_LINES:
        lines[MOST_LINES // 2 : -MOST_LINES // 2] = ["..."]
    return clean_lines("\n".join(map(cut, lines)))
