"""`archcost slides PAGE`: a page of the reports, or a network, as a deck."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archcost.cli.groups import add_device, add_input, read_inputs
from archcost.cli.options import check_writable, keep_process, note, write
from archcost.cli.progress import show_progress
from archcost.errors import ArgumentError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.cli.steps import Progress
    from archcost.page.page import Page
    from archcost.records import Finding
    from archcost.slides import Deck

SUFFIXES = (".html", ".htm", ".pptx")


@click.command("slides", short_help="Write a deck about a lecture's page or a network.")
@click.argument("page", required=False, metavar="[PAGE]")
@click.option("--network", metavar="NET", help="A deck about this network instead of a page.")
@click.option("--steps", is_flag=True, help="Build charts and diagrams up, bar by bar, box by box, network by network.")
@add_input(" Of --network.")
@add_device("auto|meta|cpu|cuda", does="--network is run")
@click.option(
    "-o", "--output", "outputs", multiple=True, required=True, metavar="FILE", help="FILE.html or .pptx; repeatable."
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, and print no notes to stderr.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(
    page: str | None, network: str | None, steps: bool, inputs: tuple[str, ...], device: str,
    outputs: tuple[str, ...], quiet: bool,
) -> None:  # fmt: skip
    """Write slides: a title with the finding, one chart, diagram or table, and the arithmetic in the speaker's notes.

    \b
    archcost slides vgg16 -o deck.html
    archcost slides inception --steps -o deck.pptx
    archcost slides --network resnet50 -o deck.html -o deck.pptx

    PAGE is a page of `archcost report`: vgg16, inception. In FILE.html, which loads nothing, arrows turn the slides, s
    shows the notes, o all slides, and printing gives one slide a page. FILE.pptx needs `pip install archcost[slides]`.
    """  # noqa: D301 - click reads the \b
    _check_outputs(outputs)
    if (page is None) == (network is None):
        raise ArgumentError(
            "name a PAGE of `archcost report`, such as vgg16, or a network by --network NET: one of both"
        )
    if page is not None and inputs:
        raise ArgumentError("--input belongs to --network NET; a page's commands say what they run")
    from archcost.profiling.many import remember_reports

    with remember_reports():
        if page is None:
            assert network is not None  # noqa: S101 - one of both is there
            _write_all(_build_network_deck(network, inputs, device, steps=steps, quiet=quiet), outputs, quiet=quiet)
        else:
            _write_lecture(page, outputs, steps=steps, quiet=quiet)


def _check_outputs(outputs: Sequence[str]) -> None:
    """Check before the work that every file can be written.

    Raises:
        OutputError: another suffix, or a file that cannot be written.
        MissingPackageError: PowerPoint is wanted, and python-pptx is not installed.
    """
    for output in outputs:
        path = Path(output)
        if path.suffix.lower() not in SUFFIXES:
            raise OutputError(f"-o {output}: the suffix must be one of {', '.join(SUFFIXES)}")
        check_writable(path)
        if path.suffix.lower() == ".pptx":
            from archcost.slides.powerpoint import check_installed

            check_installed()


def _write_all(deck: Deck, outputs: Sequence[str], *, quiet: bool) -> None:
    from archcost.slides import encode_powerpoint, write_html

    for output in outputs:
        write(encode_powerpoint(deck) if output.lower().endswith(".pptx") else write_html(deck), output)
    note(f"wrote {len(deck.slides)} slides to {', '.join(outputs)}", quiet=quiet)


def _build_network_deck(network: str, inputs: tuple[str, ...], device: str, *, steps: bool, quiet: bool) -> Deck:
    from archcost.profiling.profile import profile
    from archcost.slides import build_network_deck

    with show_progress(None, f"Counting {network}", quiet=quiet), keep_process():
        report = profile(network, read_inputs(inputs) or None, device=device)
        findings = () if inputs else _find_claims(network)
    return build_network_deck(report, findings, steps=steps)


def _find_claims(network: str) -> tuple[Finding, ...]:
    """Return the published figures of a network beside measured ones."""
    from archcost.claims import check, read_published
    from archcost.zoo import REGISTRY

    if network not in REGISTRY:
        return ()
    entry = REGISTRY.find(network)
    names = {name.lower() for name in (entry.id, *entry.aliases)}
    return check([claim for claim in read_published() if claim.network.lower() in names])


def _write_lecture(name: str, outputs: Sequence[str], *, steps: bool, quiet: bool) -> None:
    from archcost.lectures import find_lecture
    from archcost.slides import build_lecture_deck

    lecture = find_lecture(name)
    with show_progress(len(lecture.commands), "Counting", quiet=quiet) as advance:
        deck = build_lecture_deck(lecture, _Runner(name, advance), steps=steps)
        _write_all(deck, outputs, quiet=quiet)


class _Runner:
    """Runs the commands of a page."""

    def __init__(self, name: str, advance: Progress) -> None:
        self.name, self.advance = name, advance
        self.drawn: dict[tuple[str, ...], dict[str, bytes]] = {}

    def read_pages(self, arguments: Sequence[str]) -> list[Page]:
        from archcost.cli.output import collect_documents
        from archcost.cli.report import run_command

        self.advance.begin(f"{self.name}: archcost {' '.join(arguments)}")
        with collect_documents() as documents:
            run_command(arguments)
        self.advance(self.name)
        return [page for document in documents for page in document.pages()]

    def draw(self, arguments: Sequence[str], theme: str, format_: str) -> bytes:
        """Draw a picture; a light one as PNG, too, as another file may want it."""
        from archcost.cli.report import run_command

        key = (*arguments, theme)
        if key not in self.drawn:
            self.advance.begin(f"{self.name}: archcost {' '.join(arguments)}")
            with tempfile.TemporaryDirectory() as folder:
                files = {form: Path(folder) / f"picture.{form}" for form in ("svg", "png")}
                outputs = [part for file in files.values() for part in ("-o", str(file))]
                run_command([*arguments, "--theme", theme, *outputs, "-q"])
                self.drawn[key] = {form: file.read_bytes() for form, file in files.items()}
        return self.drawn[key][format_]
