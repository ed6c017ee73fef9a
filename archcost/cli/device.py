"""`archcost device`: the measured peaks of a device beside its datasheet, on this machine or on a cluster."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import BINARY, THREADS
from archcost.cli.output import add_output
from archcost.cli.sweeping import add_running
from archcost.errors import ArgumentError, ClockError, NoDeviceError

if TYPE_CHECKING:
    from archcost.cli.output import Output
    from archcost.cli.sweeping import Running
    from archcost.records import Ceiling, Peaks


@click.command("device", short_help="Measure what a device can do at best.")
@click.option("--device", default="auto", show_default=True, metavar="auto|cpu|cuda", help="Device to measure.")
@click.option(
    "--datasheet", metavar="NAME", help="Show the datasheet's figures of a device instead; 'this' names this machine's."
)
@THREADS
@BINARY
@add_running(side_by_side=False)
@add_output("schema")
def command(
    device: str, datasheet: str | None, threads: int | None, binary: bool, running: Running, output: Output
) -> None:
    """Measure copies and matrix products of this device, and keep them as the roof that `--time` compares with.

    \b
    archcost device
    archcost device --device cuda --format json -o roof.json
    archcost device --datasheet "NVIDIA H200"
    archcost device --engine ray --accelerator H100 --accelerator A100 -o roofs.csv

    The results are kept in $XDG_CACHE_HOME/archcost: one file for each device, driver, torch and number of threads. On
    a cluster one device of each type is measured, with its node for itself, and kept on that node.
    """  # noqa: D301 - click reads the \b
    from archcost.render.device import build_document, build_fleet_document

    if datasheet is not None:
        if running.accelerators:
            raise ArgumentError("--datasheet measures nothing; leave --accelerator out")
        output.write(build_document(None, _find_promised(device, datasheet), binary=binary))
        return
    found = _measure(device, threads, running, output)
    if running.sweeping.engine == "local":
        ((_, ceiling, peaks),) = found
        output.write(build_document(ceiling.roof, peaks, binary=binary))
    elif found:
        output.write(build_fleet_document(found, binary=binary))
    failed = len(running.list_fleets()) - len(found)
    if failed:
        raise ClockError(f"{failed} of {len(found) + failed} devices could not be measured")


def _measure(
    device: str, threads: int | None, running: Running, output: Output
) -> list[tuple[str | None, Ceiling, Peaks | None]]:
    """Return the measured and the datasheet's ceilings, by type of accelerator.

    Raises:
        ArchcostError: this machine's device could not be measured; on a cluster, a failing device does not stop the
            others.
    """
    from archcost.clock.datasheet import peaks_of
    from archcost.profiling.ceilings import measure_ceilings
    from archcost.records import Failure

    measured = []
    for fleet, row in measure_ceilings(device, threads, running.list_fleets()):
        where = fleet.accelerator or "the node" if fleet.engine != "local" else ""
        if isinstance(row, Failure):
            if fleet.engine == "local":
                raise row.to_error()
            output.note(f"{where}: {row.reason}")
            continue
        if row.kept is None:
            output.note(f"{row.roof.disturbed}; it may be too low and is not kept: measure it again alone")
        else:
            output.note(f"kept in {row.kept}{where and f', on {where}'}")
        peaks = None
        with suppress(NoDeviceError):
            peaks = peaks_of(row.roof.device)
        measured.append((fleet.accelerator, row, peaks))
    return measured


def _find_promised(device: str, datasheet: str) -> Peaks:
    """Return the datasheet figures of a named device, or of this machine's.

    Raises:
        NoDeviceError: the table lacks the device.
    """
    from archcost.clock.datasheet import peaks_of

    if datasheet != "this":
        return peaks_of(datasheet)
    from archcost.clock.conditions import identity
    from archcost.clock.devices import device_of

    return peaks_of(identity(device_of(device), None).device)
