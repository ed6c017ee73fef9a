"""`archcost claims [NET]`: published figures beside measured ones."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.cli.sweeping import add_running
from archcost.errors import ArgumentError, VerdictError, closest
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcost.cli.output import Output
    from archcost.cli.sweeping import Running
    from archcost.records import Claim

MOST_NAMED = 5


@click.command("claims", short_help="Put published figures beside measured ones.")
@click.argument("network", shell_complete=complete_names, metavar="[NET]", required=False)
@click.option(
    "--source", metavar="NAME", help="Show the figures of one source: vgg, cs231n, a glob, or a part of its title."
)
@click.option("--verdict", metavar="VERDICT", help="Show the figures with this recorded verdict: match, differs, ...")
@click.option(
    "--file", "file", metavar="FILE", help="Check the figures in a TOML file of your own instead of archcost's."
)
@add_running()
@add_output("schema")
def command(
    network: str | None, source: str | None, verdict: str | None, file: str | None, running: Running, output: Output
) -> None:
    """Measure what lectures and papers print about cost, and give a verdict on each figure.

    archcost measures costs; it compares error rates with the figure in the network's own paper.

    \b
    archcost claims vgg16
    archcost claims 'resnet*' --verdict differs
    archcost claims --source cs231n --format markdown -o claims.md
    archcost claims --file lecture.toml

    match: the printed digits, rounded as well as cut. rounding: one of the two alone. convention: right under another
    convention, which is named. differs: with the arithmetic that gives the printed figure, or comes nearest.

    Exit code 1 when a verdict is not the recorded one.
    """  # noqa: D301 - click reads the \b
    from archcost.claims import check, list_networks, read_file, read_published
    from archcost.render.claims import build_document

    claims = _select_claims(read_published() if file is None else read_file(Path(file)), network, source, verdict)
    if not claims:
        output.note(f"no such figure is known{f' of {network}' if network else ''}; `archcost claims` has all")
    total = len(list_networks(claims))
    with show_progress(total, "Measuring", quiet=output.quiet) as advance, keep_process():
        findings = check(claims, progress=advance, **running.options)
    output.write(build_document(findings))
    wrong = [finding for finding in findings if not finding.expected]
    if wrong:
        named = "; ".join(
            f"{finding.claim.place} is recorded as {finding.claim.verdict!r} and found to be {finding.verdict!r}"
            for finding in wrong[:MOST_NAMED]
        )
        more = f"; and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
        raise VerdictError(f"{len(wrong)} of {len(findings)} verdicts are not the recorded ones: {named}{more}")


def _select_claims(
    claims: Sequence[Claim], network: str | None, source: str | None, verdict: str | None
) -> Sequence[Claim]:
    """Return the requested claims.

    Raises:
        ArgumentError: no claim has the source or the verdict.
        UnknownNetworkError: the zoo lacks the network, or no name matches the glob.
    """
    chosen = claims if network is None else _select_network(claims, network)
    if source is not None and claims:
        titles = {claim.source.name: claim.source.title for claim in claims}
        parts = [name for name, title in titles.items() if source.lower() in title.lower()]
        names = _match("source", source, titles, otherwise=parts)
        chosen = [claim for claim in chosen if claim.source.name in names]
    if verdict is not None and claims:
        names = _match("verdict", verdict, {str(claim.verdict) for claim in claims})
        chosen = [claim for claim in chosen if claim.verdict in names]
    return chosen


def _select_network(claims: Sequence[Claim], network: str) -> list[Claim]:
    """Return the claims about a network; a network of the zoo, or a glob, may have none."""
    from archcost.sources.selection import select

    chosen = [claim for claim in claims if _is_of(claim, network)]
    if not chosen and not any(sign in network for sign in "?:"):
        for name in select((network,)):
            REGISTRY.find(name)
    return chosen


def _match(what: str, wanted: str, known: Iterable[str], otherwise: Sequence[str] = ()) -> Sequence[str]:
    """Return the known names that a text selects, as a glob or otherwise."""
    names = sorted(known)
    matching = [name for name in names if fnmatch.fnmatchcase(name, wanted)] or otherwise
    if not matching:
        hint = closest(wanted, names, f"there are {', '.join(names)}")
        raise ArgumentError(f"no figure has the {what} {wanted!r}; {hint}")
    return matching


def _is_of(claim: Claim, network: str) -> bool:
    names = {claim.network.lower()}
    if claim.network in REGISTRY:
        entry = REGISTRY.find(claim.network)
        names |= {name.lower() for name in (entry.id, *entry.aliases)}
    return any(fnmatch.fnmatchcase(name, network.lower()) for name in names)
