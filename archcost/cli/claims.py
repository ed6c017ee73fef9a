"""`archcost claims [NET]`: published figures beside measured ones."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.options import chosen_format, network_names, note, output_options, target_of, write
from archcost.cli.progress import progress
from archcost.errors import ArgumentError, VerdictError, closest
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Claim

MOST_NAMED = 5


@click.command("claims", short_help="Put published figures beside measured ones.")
@click.argument("network", shell_complete=network_names, metavar="[NET]", required=False)
@click.option("--source", metavar="NAME", help="Figures of one source: vgg, cs231n, a glob, or a part of its title.")
@click.option("--verdict", metavar="VERDICT", help="Figures that are recorded so: match, differs, ...")
@click.option("--file", "file", metavar="FILE", help="Figures of your own, in TOML, instead of archcost's.")
@output_options("table", "json", "csv", "markdown", "html")
def command(
    network: str | None,
    source: str | None,
    verdict: str | None,
    file: str | None,
    format_: str | None,
    output: str | None,
    quiet: bool,
    color: str,
) -> None:
    """Measure what lectures and papers print about cost, and give a verdict on each figure.

    \b
    archcost claims vgg16
    archcost claims 'resnet*' --verdict differs
    archcost claims --source cs231n --format markdown -o claims.md
    archcost claims --file lecture.toml

    match: the printed digits, rounded as well as cut. rounding: one of the two alone. convention: right under another
    convention, which is named. differs: with the arithmetic that gives the printed figure, or comes nearest.

    Exit code 1 when a verdict is not the recorded one.
    """  # noqa: D301 - click reads the \b
    from archcost.claims import check, from_file, networks, published
    from archcost.render.claims import render

    chosen = chosen_format(format_, output)
    claims = _selected(published() if file is None else from_file(Path(file)), network, source, verdict)
    if not claims:
        note(f"no such figure is known{f' of {network}' if network else ''}; `archcost claims` has all", quiet=quiet)
    total = len(networks(claims))
    with progress(total, "Measuring", quiet=quiet) as advance:
        findings = check(claims, progress=advance)
    write(render(findings, chosen, color=color, target=target_of(output)), output)
    wrong = [finding for finding in findings if not finding.expected]
    if wrong:
        named = "; ".join(
            f"{finding.claim.place} is recorded as {finding.claim.verdict!r} and found to be {finding.verdict!r}"
            for finding in wrong[:MOST_NAMED]
        )
        more = f"; and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
        raise VerdictError(f"{len(wrong)} of {len(findings)} verdicts are not the recorded ones: {named}{more}")


def _selected(
    claims: Sequence[Claim], network: str | None, source: str | None, verdict: str | None
) -> tuple[Claim, ...]:
    """Return the claims that were asked for.

    Raises:
        ArgumentError: a source or a verdict that no claim has.
        UnknownNetworkError: a network that the zoo does not have, or a glob that matches none.
    """
    from archcost.sources.selection import select

    chosen = [claim for claim in claims if network is None or _is_of(claim, network)]
    if network is not None and not chosen and not any(sign in network for sign in "?:"):
        for name in select((network,)):
            REGISTRY.find(name)
    for key, wanted, known in (
        ("source", source, {claim.source.name for claim in claims}),
        ("verdict", verdict, {str(claim.verdict) for claim in claims}),
    ):
        matching = {name for name in known if wanted is None or fnmatch.fnmatchcase(name, wanted)}
        if key == "source" and wanted is not None and not matching:
            matching = {claim.source.name for claim in claims if wanted.lower() in claim.source.title.lower()}
        if not matching and claims:
            hint = closest(wanted or "", known, f"there are {', '.join(sorted(known))}")
            raise ArgumentError(f"no figure has the {key} {wanted!r}; {hint}")
        chosen = [claim for claim in chosen if (claim.source.name if key == "source" else claim.verdict) in matching]
    return tuple(chosen)


def _is_of(claim: Claim, network: str) -> bool:
    names = {claim.network.lower()}
    if claim.network in REGISTRY:
        entry = REGISTRY.find(claim.network)
        names |= {name.lower() for name in (entry.id, *entry.aliases)}
    return any(fnmatch.fnmatchcase(name, network.lower()) for name in names)
