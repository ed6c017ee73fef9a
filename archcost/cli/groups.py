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

    from archcost.comparison.choosing import Choice
    from archcost.records import Accuracy, MeasuredTime, Training
    from archcost.sources import InputSpec


class Seconds(click.FloatRange):
    """A finite number of seconds; click's range accepts "nan" and "inf"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return found


BINARY = click.option("--binary", is_flag=True, help="Show bytes as KiB, MiB, GiB.")
THREADS = click.option("--threads", type=click.IntRange(min=1), help="Number of CPU threads.  [default: torch's]")
MAX_TIME = click.option(
    "--max-time", type=Seconds(min=0, min_open=True), metavar="SECONDS",
    help="Stop each measurement after this many seconds, warm-up included.  [default: 5]",
)  # fmt: skip
OPTIMIZER = click.option(
    "--optimizer",
    type=click.Choice(OPTIMIZERS),
    help="Optimizer of the training step, with torch's default settings.  [default: sgd]",
)
AMP = click.option(
    "--amp",
    metavar="bf16|fp16",
    help="Run under torch.autocast; the meta device follows CUDA's lists, with cpu:bf16 the CPU's.",
)

LIKE = click.option(
    "--like",
    type=click.Choice(FOLLOWED),
    help="Device whose kernels and optimizer forms the meta device follows.  [default: cuda]",
)


def add_group(name: str, read: Callable[..., Any], *options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds options to a command, which gets the result of `read` as its argument `name`.

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
    """Add --input; `of` is a sentence to add to its help."""
    forms = "3x224x224, 128:int64, name=128:bool, name=exact:2x9, name=value:3"
    text = f"Shape of an input, without the batch: {forms}; repeatable.{of}"
    return click.option("--input", "inputs", multiple=True, metavar="SHAPE", help=text)


SEQ = click.option(
    "--seq",
    type=click.IntRange(min=1),
    metavar="TOKENS",
    help="Sequence length, the same as NET@seq2048.  [default: 128]",
)


def write_seq(network: str, seq: int | None) -> str:
    """Return a network's name with its sequence length, as in NET@seq2048."""
    if seq is None:
        return network
    name, mark, arguments = network.partition("?")
    if "@" in name:
        raise ArgumentError(f"{network!r} has a size after its @ already; leave that or --seq out")
    return f"{name}@seq{seq}{mark}{arguments}"


def add_batch(least: int = 1) -> Callable[[Any], Any]:
    """Add --batch."""
    kind = click.IntRange(min=least)
    return click.option("--batch", type=kind, default=1, show_default=True, help="Number of images in the batch.")


def add_device(allowed: str, default: str = "auto", *, does: str) -> Callable[[Any], Any]:
    """Add --device; `does` completes the help "Device that ..."."""
    return click.option("--device", default=default, show_default=True, metavar=allowed, help=f"Device that {does}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A network, its inputs, and its device."""

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
    """Fetch a network's configuration, and name its place."""
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
    does: str = "the network runs on",
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
        click.option(
            "--freeze",
            multiple=True,
            metavar="PATTERN",
            help="Freeze parameters by name, such as 'features.*'; repeatable.",
        ),
        click.option(
            "--train-only",
            multiple=True,
            metavar="PATTERN",
            help="Train only these parameters, such as 'classifier.6'; repeatable.",
        ),
    )
    return add_group(
        "training",
        _read_training,
        click.option("--train", is_flag=True, help=train),
        OPTIMIZER,
        click.option("--loss", type=click.Choice(LOSSES), help="Loss of the training step.  [default: cross-entropy]"),
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
    """Return a training step as keyword arguments of `archcost.profile` and `archcost.fit`."""
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
        """Return the specs, with `more`; if `published`, patterns of published networks stay patterns.

        Raises:
            ArgumentError: the selection is empty.
            UnknownNetworkError: nothing matches a name, glob or family.
        """
        from archcost.comparison.published import is_published
        from archcost.sources.selection import select

        names = (*self.networks, *more)
        stays = is_published if published else None
        return select(names, families=self.families, everything=self.everything, variants=variants, stays=stays)

    def __bool__(self) -> bool:
        return bool(self.networks or self.families or self.everything)


def add_selection(everything: str) -> Callable[[Any], Any]:
    """Add NETs, --family and --all, with `everything` as its help; the command gets them as `selection`."""
    return add_group(
        "selection",
        Selection,
        click.argument("networks", shell_complete=complete_names, nargs=-1, metavar="[NET]..."),
        click.option(
            "--family", "families", multiple=True, metavar="NAME", help="Add a family of the zoo; repeatable."
        ),
        click.option("--all", "everything", is_flag=True, help=everything),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Data to show beside costs: published accuracies, the user's accuracies, and measured times."""

    protocol: str
    dataset: str | None
    own: tuple[str, ...]
    borrowed: tuple[str, ...]
    times: str | None

    def read_accuracies(self) -> tuple[Accuracy, ...]:
        """Return the user's accuracies, and the accuracies that networks borrow from their variants."""
        from archcost.comparison.accuracy import borrow_accuracies, read_accuracies

        own = tuple(figure for path in self.own for figure in read_accuracies(path))
        return (*own, *(figure for text in self.borrowed for figure in borrow_accuracies(text, own)))

    def read_seconds(self) -> Mapping[tuple[str, int], float]:
        """Return the measured times by network and batch; empty without a file."""
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
        click.option("--dataset", metavar="NAME", help="Data set of the accuracies: ImageNet, CIFAR-10, ..."),
        click.option(
            "--protocol",
            default="single-crop",
            show_default=True,
            metavar="NAME",
            help="Evaluation protocol of the accuracies.",
        ),
        click.option(
            "--accuracy", "own", multiple=True, metavar="FILE", help="CSV file with accuracies of your own; repeatable."
        ),
        click.option(
            "--accuracy-of",
            "borrowed",
            multiple=True,
            metavar="NET=OTHER",
            help="Give NET the accuracy of OTHER, a variant of it; repeatable.",
        ),
        click.option("--times", metavar="FILE", help="CSV file with measured times: network, batch, seconds."),
    )(command)


def add_choice(*, limit: bool = True) -> Callable[[Any], Any]:
    """Add --where, --pareto, --limit unless nothing is listed, --pretraining and --device-name, as `choice`."""
    limits = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show only the first N networks.")
    return add_group(
        "choice",
        _read_choice,
        click.option(
            "--where", metavar="CONDITION", help="Show only networks that meet CONDITION: 'top1 > 80 and macs < 1G'."
        ),
        click.option(
            "--pareto", metavar="A,B", help="Show only networks that no other beats in both quantities: macs,top1."
        ),
        *((limits,) if limit else ()),
        click.option(
            "--pretraining",
            metavar="NAME",
            help="Show only networks with this pretraining: in1k (ImageNet-1k alone), in22k, ... or any.",
        ),
        click.option(
            "--device-name", metavar="NAME", help="Use the images per second that timm publishes for a device: rtx4090."
        ),
    )


def _read_choice(
    *,
    where: str | None,
    pareto: str | None,
    pretraining: str | None,
    device_name: str | None,
    limit: int | None = None,
) -> Choice:
    from archcost.comparison.choosing import Choice
    from archcost.comparison.published import find_device

    device = None if device_name is None else find_device(device_name)
    return Choice(where=where, pareto=pareto, limit=limit, pretraining=pretraining, device=device)
