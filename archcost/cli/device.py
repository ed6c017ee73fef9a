"""`archcost device`: what this device can do at best, measured, and what its maker promises."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import BINARY, THREADS
from archcost.cli.output import add_output
from archcost.errors import NoDeviceError

if TYPE_CHECKING:
    from archcost.cli.output import Output


@click.command("device", short_help="Measure what a device can do at best.")
@click.option("--device", default="auto", show_default=True, metavar="auto|cpu|cuda", help="Which one.")
@click.option(
    "--datasheet", metavar="NAME", help="Show what the maker promises of a device instead; 'this' for this one."
)
@THREADS
@BINARY
@add_output()
def command(device: str, datasheet: str | None, threads: int | None, binary: bool, output: Output) -> None:
    """Measure copies and matrix products of this device, and keep them as the roof that `--time` compares with.

    \b
    archcost device
    archcost device --device cuda --format json -o roof.json
    archcost device --datasheet "NVIDIA H200"

    What is kept lies in $XDG_CACHE_HOME/archcost, one file for each device, driver, torch and number of threads.
    """  # noqa: D301 - click reads the \b
    from archcost.clock.datasheet import peaks_of
    from archcost.render.device import build_document

    roof = peaks = None
    if datasheet is not None and datasheet != "this":
        peaks = peaks_of(datasheet)
    else:
        from archcost.clock import regime
        from archcost.clock.conditions import identity
        from archcost.clock.devices import clock_of, device_of
        from archcost.clock.roofs import all_dtypes, cache_file, roof_of
        from archcost.records import TimingPlan

        found = device_of(device)
        name = identity(found, None).device
        if datasheet is not None:
            peaks = peaks_of(name)
        else:
            with suppress(NoDeviceError):
                peaks = peaks_of(name)
            with regime(TimingPlan(threads=threads)):
                roof = roof_of(found, all_dtypes(found), clock_of(found), fresh=True)
                if roof.disturbed is None:
                    output.note(f"kept in {cache_file(found)}")
                else:
                    output.note(f"{roof.disturbed}; it may be too low and is not kept: measure it again alone")
    output.write(build_document(roof, peaks, binary=binary))
