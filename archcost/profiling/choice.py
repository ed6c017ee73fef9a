"""Inputs of a network that the user does not describe: the module says what it takes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from archcost.errors import UsageError, WalkError
from archcost.sources.choose import WORDS, wants_words
from archcost.sources.network_inputs import DEFAULT_INPUT, Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from archcost.sources import InputSpec, Network

Result = TypeVar("Result")
UNSAID = "nothing: it does not say what it takes, so it gets a picture"


def settle(network: Network, *, training: bool = False) -> Network:
    """Return a network whose inputs are chosen; where its module has to be asked, it is built on the meta device.

    Args:
        network: from `archcost.sources`.
        training: whether it takes what only training needs, too.

    Raises:
        UsageError: what was asked for does not go with what the module takes.
    """
    inputs = (*network.inputs, *(network.training_inputs if training else ()))
    network = replace(network, inputs=inputs, training_inputs=())
    if network.choose is None:
        return network
    module = network.given if network.given is not None else _build(network)
    choice = None if module is None else network.choose(module)
    network = replace(network, choose=None)
    if module is not None and network.given is None:
        network = replace(network, build=_Begun(network, module))
    if choice is None and network.inputs == (DEFAULT_INPUT,):
        return replace(network, why=UNSAID)
    return network if choice is None else _take(network, choice)


def run_settled(network: Network, run: Callable[[Network], Result], *, training: bool = False) -> Result:
    """Run a network on inputs that are chosen for it: on words, where a picture that nobody chose is not words.

    Args:
        network: from `archcost.sources`.
        run: runs the network that it is given on that network's inputs.
        training: as for `settle`.

    Raises:
        ArchcostError: as `settle` and `run` do.
    """
    settled = settle(network, training=training)
    try:
        return run(settled)
    except WalkError as error:
        if not wants_words(settled.inputs, error):
            raise
    return run(_take(settled, Choice(inputs=(WORDS,), why="an embedding that refused floating-point numbers")))


def settle_by_walk(network: Network) -> Network:
    """Return a network whose inputs are chosen; where nothing else says them, a walk on the meta device does."""
    from archcost.choices import COUNTING
    from archcost.profiling.feed import describe_feed
    from archcost.profiling.trace import trace_network
    from archcost.records import WalkPlan
    from archcost.walk import run_undisturbed

    def try_inputs(settled: Network) -> Network:
        if settled.why == UNSAID:
            run_undisturbed(lambda: trace_network(settled, describe_feed(settled, (), 1), WalkPlan(device=COUNTING)))
        return settled

    with suppress(WalkError):  # whoever runs it next says why it fails
        return run_settled(network, try_inputs)
    return settle(network)


def _take(network: Network, choice: Choice) -> Network:
    note = _spell(choice.inputs, choice.why)
    return replace(network, inputs=choice.inputs, why=choice.why, notes=(*network.notes, note))


def _spell(inputs: tuple[InputSpec, ...], why: str) -> str:
    seq = " or --seq" if any(spec.dtype == "int64" and len(spec.shape) == 1 for spec in inputs) else ""
    return f"it was run on {', '.join(map(str, inputs))}, chosen from {why}; change that with --input{seq}"


def _build(network: Network) -> nn.Module | None:
    """Build a network on the meta device; whatever fails is said when it is walked."""
    from archcost.profiling.place import build_on_meta
    from archcost.walk import run_undisturbed

    try:
        return run_undisturbed(lambda: build_on_meta(network).network)
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - a constructor may raise anything
        return None


class _Begun:
    """Builds a network; the first time on the meta device it hands out what is built there already."""

    def __init__(self, network: Network, module: nn.Module) -> None:
        self._build = network.build
        self._module: nn.Module | None = module

    def __call__(self) -> nn.Module:
        """Return the module."""
        import torch

        module, self._module = self._module, None
        on_meta = torch.get_default_device().type == "meta"
        return module if module is not None and on_meta else self._build()
