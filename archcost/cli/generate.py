"""`archcost generate NET --prompt 2048`: the costs of generating text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from archcost.choices import KV_DTYPES, WEIGHT_DTYPES
from archcost.cli.groups import BINARY, DOWNLOAD, add_group, add_input, fetch_network, read_inputs
from archcost.cli.options import complete_names, keep_process
from archcost.cli.output import add_output
from archcost.cli.progress import show_progress
from archcost.errors import ArgumentError, DoesNotFitError

if TYPE_CHECKING:
    from archcost.cli.output import Output

POSITIVE = click.IntRange(min=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text's lengths, the dtypes, and the memory to fit into."""

    prompt: int
    contexts: str | None
    batch: int
    dtype: str | None
    kv_dtype: str | None
    memory: str | None
    device_name: str | None
    roof: str | None
    block: int


text_options = add_group(
    "text",
    Text,
    click.option(
        "--prompt", type=POSITIVE, default=2048, show_default=True, metavar="TOKENS", help="Length of the prompt."
    ),
    click.option(
        "--context", "contexts", metavar="8192,32768", help="Generate a token behind contexts of these lengths too."
    ),
    click.option("--batch", type=POSITIVE, default=1, show_default=True, help="Number of sequences in the batch."),
    click.option(
        "--dtype", type=click.Choice(list(WEIGHT_DTYPES)), help="Data type of the weights.  [default: the network's]"
    ),
    click.option(
        "--kv-dtype", type=click.Choice(list(KV_DTYPES)), help="Data type of the cache.  [default: the network's]"
    ),
    click.option(
        "--memory", metavar="SIZE", help="Find the batch and context that fit 80GB (10^9 bytes) or 80GiB (2^30)."
    ),
    click.option(
        "--device-name", metavar="NAME", help="Device, by name (h200), for the shortest possible time of a pass."
    ),
    click.option(
        "--roof",
        metavar="this|FILE",
        help="Measured roof for that time: this machine's, or a FILE of `archcost device --format json`.",
    ),
    click.option(
        "--block", type=POSITIVE, default=16, show_default=True, help="Number of tokens in a block of a paged cache."
    ),
)


@click.command("generate", short_help="Count what generating text costs: prefill, decode, cache.")
@click.argument("network", shell_complete=complete_names, metavar="NET")
@text_options
@add_input()
@DOWNLOAD
@BINARY
@add_output("picture")
def command(
    network: str,
    text: Text,
    inputs: tuple[str, ...],
    download: bool,
    binary: bool,
    output: Output,
) -> None:
    """Count what generating text costs: the prompt (prefill), one token behind each context (decode), and the cache.

    \b
    archcost generate 'hf:llama#LlamaForCausalLM?num_hidden_layers=4' --prompt 2048 --dtype bf16
    archcost generate config.json --context 8192,32768 --memory 80GB --kv-dtype fp8
    archcost generate model.py:build --batch 8 --device-name h200 --dtype bf16
    archcost generate model.py:build --roof this
    archcost generate model.py:build --context 4096,8192 --memory 80GB -o costs.html -o costs.svg

    The walk uses the network itself and the cache that it returns. Exit code 1 when not even one sequence fits.
    """  # noqa: D301 - click reads the \b
    from archcost.charts.encoding import write_svg
    from archcost.charts.generating import draw_generation
    from archcost.profiling.generation import generate
    from archcost.render.generating import build_document

    if download:
        fetch_network(network)
    with show_progress(None, f"Walking {network}", quiet=output.quiet), keep_process():
        found = generate(
            network, **{**asdict(text), "contexts": _read_contexts(text.contexts)}, inputs=read_inputs(inputs)
        )
    output.write(build_document(found, lambda: write_svg(draw_generation(found)), binary=binary))
    if found.room is not None and found.room.largest_batch is None:
        raise DoesNotFitError(f"{network}: not even one sequence of {found.contexts[-1].tokens} tokens fits")


def _read_contexts(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentError(f"--context {text!r} is not a list of numbers; write --context 8192,32768") from None
