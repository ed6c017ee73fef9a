"""The progress display, drawn by rich. This module is imported only when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from archcost.cli.steps import spell_time

if TYPE_CHECKING:
    from rich.console import RenderableType

    from archcost.cli.steps import Progress

BAR = 24  # columns
MANY = 10  # the fewest steps that give a reliable pace
ROOM = 4  # columns for the ^C that a terminal echoes; on a line of its own it would prevent the erasing of the display


class Terminal(Console):
    """A terminal whose cursor stays visible, so that no end of the process can leave it hidden."""

    def show_cursor(self, show: bool = True) -> bool:
        """Do nothing."""
        del show
        return False


class Screen:
    """The last lines of a terminal, which show a command's progress and vanish at its end.

    If `ticking`, a thread redraws it several times a second; otherwise only `draw` does.
    """

    def __init__(self, told: Progress, file: TextIO, *, ticking: bool) -> None:
        console = Terminal(file=file, highlight=False)
        self._above = FileProxy(console, file)
        self._live = Live(
            console=console, auto_refresh=ticking, transient=True, vertical_overflow="crop",
            redirect_stdout=False, redirect_stderr=False,  # `show_progress` does this, in the order of its contexts
            get_renderable=lambda: build_lines(told, console.width - ROOM, ticking=ticking),
        )  # fmt: skip
        self._live.start(refresh=True)

    def draw(self) -> None:
        """Draw the changes."""
        if not self._live.auto_refresh and self._live.is_started:
            self._live.refresh()

    def write(self, text: str) -> int:
        """Write complete lines of text above the display, and keep an incomplete line until it is complete."""
        return self._above.write(text)

    def close(self) -> None:
        """Erase the display."""
        self._above.flush()
        self._live.stop()


def build_lines(told: Progress, width: int, *, ticking: bool) -> RenderableType:
    """Return the table of finished steps, if there is one, and the progress line."""
    table = told.table()
    line = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        line.add_column(no_wrap=True)
    line.add_column()  # gives way in a narrow terminal
    bar = ProgressBar(total=told.steps, completed=told.done, width=BAR, pulse=told.steps is None and ticking)
    name = Text(told.name, "dim", no_wrap=True, overflow="ellipsis")
    line.add_row(told.label, bar, _count(told), _spell_clock(told, ticking=ticking), name)
    last = Constrain(line, width)
    return Group(Text.from_ansi(table), last) if table else last


def _count(told: Progress) -> Text:
    count = Text("" if told.steps is None else f"{told.done} of {told.steps}")
    return count.append(f", {told.failures} failed", "red") if told.failures else count


def _spell_clock(told: Progress, *, ticking: bool) -> str:
    if not ticking and not told.done:
        return ""  # a clock that does not tick is useless
    rate, left = told.rate, told.remaining
    parts = [spell_time(told.elapsed)]
    parts += [f"{rate:.3g}/s"] if rate and told.done >= MANY else []
    return ", ".join([*parts, *([f"{spell_time(left)} left"] if left is not None else [])])
