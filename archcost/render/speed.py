"""The times of networks beside their bases' times, in words and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.page.names import write_plain
from archcost.page.page import Cell, Column, Line, Table

if TYPE_CHECKING:
    from archcost.records import Check, Speed

CONVENTIONS = (
    "Before and after are medians of all samples; the change is the median of the rounds' changes, so that a machine "
    "that changes its speed meanwhile does not count."
)


def spell_speed(speed: Speed) -> str:
    """Describe a changed time: "time 6.810 ms -> 7.031 ms (+3.2 %, 95 %: +3.0 % to +3.4 %), at most +2.0 %: worse"."""
    times = f"time {units.duration(speed.base_ns)} -> {units.duration(speed.head_ns)}"
    return f"{times} ({units.ratio(speed.ratio)}, 95 %: {spell_interval(speed)}), {spell_allowed(speed)}: {speed.state}"


def spell_interval(speed: Speed) -> str:
    """Return the confidence interval of the change of the time."""
    return f"{units.ratio(speed.low)} to {units.ratio(speed.high)}"


def spell_allowed(speed: Speed) -> str:
    """Return the allowed growth of the time."""
    return f"at most {units.ratio(1 + speed.floor)}"


def build_times_table(check: Check) -> Table | None:
    """Return the table of the timed networks; None if no network was timed."""
    timed = [(checked, checked.speed) for checked in check.worst_first if checked.speed is not None]
    columns = (
        ("before", "Before"),
        ("after", "After"),
        ("change", "Change"),
        ("interval", "95 %"),
        ("allowed", "Allowed"),
        ("state", ""),
    )
    lines = [
        Line(
            name=checked.name,
            label=write_plain(checked.name),
            cells=(
                Cell(text=units.duration(speed.base_ns), raw=speed.base_ns),
                Cell(text=units.duration(speed.head_ns), raw=speed.head_ns),
                Cell(text=units.ratio(speed.ratio), raw=speed.ratio),
                Cell(text=spell_interval(speed)),
                Cell(text=units.ratio(1 + speed.floor)),
                Cell(text=speed.state),
            ),
        )
        for checked, speed in timed
    ]
    if not lines:
        return None
    shown = tuple(Column(name=name, heading=heading, numeric=name != "state") for name, heading in columns)
    return Table(heading="Network", columns=shown, lines=tuple(lines))
