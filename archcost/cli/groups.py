"""Options that several commands share. A command gets each group as one record."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from archcost.choices import FOLLOWED, LOSSES, OPTIMIZERS
from archcost.cli.options import complete_names
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.records import Accuracy, MeasuredTime, Training
    from archcost.sources import InputSpec


class Seconds(click.FloatRange):
    """A number of seconds: a range of click's lets "nan" and "inf" through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return found


BINARY = click.option("--binary", is_flag=True, help="Show bytes as KiB, MiB, GiB.")
THREADS = click.option("--threads", type=click.IntRange(min=1), help="Threads on the CPU.  [default: torch's]")
MAX_TIME = click.option(
    "--max-time", type=Seconds(min=0, min_open=True), metavar="SECONDS",
    help="Stop each measurement after that long, warming up included.  [default: 5]",
)  # fmt: skip
OPTIMIZER = click.option(
    "--optimizer", type=click.Choice(OPTIMIZERS), help="What steps; torch's defaults.  [default: sgd]"
)
AMP = click.option("--amp", metavar="bf16|fp16", help="Mixed precision; on meta by CUDA's lists, or as in cpu:bf16.")

LIKE = click.option("--like", type=click.Choice(FOLLOWED), help="Whose choices meta follows.  [default: cuda]")


def add_group(name: str, read: Callable[..., Any], *options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds options to a command, and hands it as `name` what `read` makes of them.

    `read` has a parameter for each option.
    """
    names = inspect.signature(read).parameters

    def decorate(command: Any) -> Any:
        @wraps(command)
        def call(**given: Any) -> Any:
            group = read(**{each: given.pop(each) for each in names if each in given})
            return command(**{name: group}, **given)

        for option in reversed(options):
            option(call)
        return call

    return decorate


def add_input(of: str = "") -> Callable[[Any], Any]:
    """Add --input; `of` says of what, where that is to be said."""
    text = f"3x224x224, 128:int64, name=128:bool, name=exact:2x9 or name=value:3; repeatable.{of}"
    return click.option("--input", "inputs", multiple=True, metavar="SHAPE", help=text)


SEQ = click.option(
    "--seq",
    type=click.IntRange(min=1),
    metavar="TOKENS",
    help="Length of a sequence; as in NET@seq2048.  [default: 128]",
)


def write_seq(network: str, seq: int | None) -> str:
    """Return a network's name with the length of its sequences in it."""
    if seq is None:
        return network
    name, mark, arguments = network.partition("?")
    if "@" in name:
        raise ArgumentError(f"{network!r} has a size after its @ already; leave that or --seq out")
    return f"{name}@seq{seq}{mark}{arguments}"


def add_batch(least: int = 1) -> Callable[[Any], Any]:
    """Add --batch."""
    kind = click.IntRange(min=least)
    return click.option("--batch", type=kind, default=1, show_default=True, help="Images in the batch.")


def add_device(allowed: str, default: str = "auto", *, does: str) -> Callable[[Any], Any]:
    """Add --device; `does` says what happens there."""
    return click.option("--device", default=default, show_default=True, metavar=allowed, help=f"Where {does}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A network, what it is run on, and where."""

    network: str
    inputs: tuple[str, ...]
    batch: int
    device: str

    def read_inputs(self) -> tuple[InputSpec, ...]:
        """Return the inputs as --input describes them."""
        return read_inputs(self.inputs)


def read_inputs(texts: tuple[str, ...]) -> tuple[InputSpec, ...]:
    """Return the inputs that --input describes."""
    from archcost.sources import parse_input

    return tuple(map(parse_input, texts))


DOWNLOAD = click.option("--download", is_flag=True, help="Fetch the config.json of hf:OWNER/NAME, and nothing else.")


def fetch_network(network: str) -> None:
    """Fetch what describes a network, and say where it is."""
    from archcost.sources.resolve import fetch

    click.echo(f"archcost: fetched {fetch(network)}", err=True)


def _read_subject(
    *, network: str, inputs: tuple[str, ...], seq: int | None, device: str, download: bool, batch: int = 1
) -> Subject:
    if seq is not None and inputs:
        raise ArgumentError("--seq is for inputs that are chosen; --input says what they are: leave one of both out")
    if download:
        fetch_network(network)
    return Subject(network=write_seq(network, seq), inputs=inputs, batch=batch, device=device)


def add_subject(
    command: Any,
    *,
    batched: bool = True,
    devices: str = "auto|meta|cpu|cuda",
    default: str = "auto",
    does: str = "it is run",
) -> Any:
    """Add NET, --input, --seq, --batch where it is `batched`, --device, --download; the command gets a `subject`."""
    return add_group(
        "subject",
        _read_subject,
        click.argument("network", shell_complete=complete_names, metavar="NET"),
        add_input(),
        SEQ,
        *((add_batch(least=0),) if batched else ()),
        add_device(devices, default, does=does),
        DOWNLOAD,
    )(command)


def add_training(train: str, *, parts: bool = False) -> Callable[[Any], Any]:
    """Add --train, with `train` as its help, --optimizer, --loss and, for `parts` of a network, --freeze, --train-only.

    The command gets them as `training`, None without --train.
    """
    frozen = (
        click.option("--freeze", multiple=True, metavar="PATTERN", help="Do not train 'features.*'; repeatable."),
        click.option(
            "--train-only", multiple=True, metavar="PATTERN", help="Train nothing but 'classifier.6'; repeatable."
        ),
    )
    return add_group(
        "training",
        _read_training,
        click.option("--train", is_flag=True, help=train),
        OPTIMIZER,
        click.option("--loss", type=click.Choice(LOSSES), help="Of the outputs.  [default: cross-entropy]"),
        *(frozen if parts else ()),
    )


def _read_training(
    *,
    train: bool,
    optimizer: str | None,
    loss: str | None,
    freeze: tuple[str, ...] = (),
    train_only: tuple[str, ...] = (),
) -> Training | None:
    given = {"--optimizer": optimizer, "--loss": loss, "--freeze": freeze, "--train-only": train_only}
    if not train:
        wrong = [name for name, value in given.items() if value]
        if wrong:
            raise ArgumentError(f"options that belong to --train: {', '.join(wrong)}; add --train, or leave them out")
        return None
    from archcost.records import Training

    return Training(optimizer=optimizer or "sgd", loss=loss or "cross-entropy", freeze=freeze, train_only=train_only)


def spell_training(training: Training | None) -> dict[str, Any]:
    """Return a training as `archcost.profile` and `archcost.fit` take it."""
    if training is None:
        return {}
    parts = {"freeze": training.freeze, "train_only": training.train_only}
    given = {name: patterns for name, patterns in parts.items() if patterns}
    return {"train": training.optimizer, "loss": training.loss, **given}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Networks by name or glob, by family, or all of the zoo."""

    networks: tuple[str, ...]
    families: tuple[str, ...]
    everything: bool

    def select(self, *more: str, variants: bool = True, published: bool = False) -> tuple[str, ...]:
        """Return the specs, and `more` of them; where `published`, patterns of timm's networks stay as they are.

        Raises:
            ArgumentError: nothing was asked for.
            UnknownNetworkError: a name, glob or family that nothing matches.
        """
        from archcost.sources.selection import select

        names = (*self.networks, *more)
        if published and any(name.startswith("timm:") for name in names):
            kept = tuple(name for name in names if name.startswith("timm:"))
            rest = tuple(name for name in names if name not in kept)
            if not (rest or self.families or self.everything):
                return kept
            return kept + select(rest, families=self.families, everything=self.everything, variants=variants)
        return select(names, families=self.families, everything=self.everything, variants=variants)

    def __bool__(self) -> bool:
        return bool(self.networks or self.families or self.everything)


def add_selection(everything: str) -> Callable[[Any], Any]:
    """Add NETs, --family and --all, with `everything` as its help; the command gets them as `selection`."""
    return add_group(
        "selection",
        Selection,
        click.argument("networks", shell_complete=complete_names, nargs=-1, metavar="[NET]..."),
        click.option("--family", "families", multiple=True, metavar="NAME", help="A family of the zoo; repeatable."),
        click.option("--all", "everything", is_flag=True, help=everything),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside costs: accuracies of a protocol, the user's own, and measured times."""

    protocol: str
    dataset: str | None
    own: tuple[str, ...]
    borrowed: tuple[str, ...]
    times: str | None

    def read_accuracies(self) -> tuple[Accuracy, ...]:
        """Return the user's own accuracies, and those that networks take from others."""
        from archcost.comparison.accuracy import borrow_accuracies, read_accuracies

        own = tuple(figure for path in self.own for figure in read_accuracies(path))
        return (*own, *(figure for text in self.borrowed for figure in borrow_accuracies(text, own)))

    def read_seconds(self) -> Mapping[tuple[str, int], float]:
        """Return the measured times by network and batch; none without a file of them."""
        from archcost.comparison.times import read_seconds

        return read_seconds(self.times) if self.times else {}

    def read_times(self) -> tuple[MeasuredTime, ...]:
        """Return the measured times with their conditions."""
        from archcost.comparison.times import read_times

        return read_times(self.times) if self.times else ()


def add_beside(command: Any) -> Any:
    """Add --protocol, --dataset, --accuracy and --times; the command gets them as `beside`."""
    return add_group(
        "beside",
        Beside,
        click.option("--protocol", default="single-crop", show_default=True, metavar="NAME", help="Of the accuracies."),
        click.option("--dataset", metavar="NAME", help="What the accuracies are for: ImageNet, CIFAR-10, ..."),
        click.option(
            "--accuracy", "own", multiple=True, metavar="FILE", help="Your own accuracies, a CSV; repeatable."
        ),
        click.option(
            "--accuracy-of",
            "borrowed",
            multiple=True,
            metavar="NET=OTHER",
            help="Give NET the accuracy of OTHER, a variant of it; repeatable.",
        ),
        click.option("--times", metavar="FILE", help="Measured times: a CSV with network, batch and seconds."),
    )(command)
