"""Inputs for a network without described inputs: the module itself tells what it takes."""

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
UNSAID = "the default: the module does not describe its input"


def settle(network: Network, *, training: bool = False) -> Network:
    """Return a network with chosen inputs; if only its module knows them, build it on the meta device.

    Args:
        network: from `archcost.sources`.
        training: whether to choose the inputs of training.

    Raises:
        UsageError: the request contradicts the inputs of the module.
    """
    inputs = (training and network.training_inputs) or network.inputs
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
    if choice is None:
        return network
    return _take(network, replace(choice, inputs=(training and choice.training_inputs) or choice.inputs))


def run_settled(network: Network, run: Callable[[Network], Result], *, training: bool = False) -> Result:
    """Run a network on chosen inputs; if it rejects the fallback image as token ids, run it on tokens.

    Args:
        network: from `archcost.sources`.
        run: runs the given network on that network's inputs.
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


def settle_by_walk(network: Network, *, training: bool = False) -> Network:
    """Return a network with chosen inputs; if nothing else determines them, try them on the meta device.

    `training` chooses the inputs of training, as for `settle`.
    """
    from archcost.choices import COUNTING
    from archcost.profiling.feed import describe_feed
    from archcost.profiling.trace import trace_network
    from archcost.records import WalkPlan
    from archcost.walk import run_undisturbed

    def try_inputs(settled: Network) -> Network:
        if settled.why == UNSAID:
            run_undisturbed(lambda: trace_network(settled, describe_feed(settled, (), 1), WalkPlan(device=COUNTING)))
        return settled

    with suppress(WalkError):  # the caller's own run reports the failure
        return run_settled(network, try_inputs, training=training)
    return settle(network, training=training)


def _take(network: Network, choice: Choice) -> Network:
    note, describe = _spell(choice.inputs, choice.why), network.describe
    if describe is not None:  # for a module of a network: the choice is the whole network's input
        network = replace(network, describe=lambda given: describe(given or choice.inputs))
    return replace(network, inputs=choice.inputs, why=choice.why, notes=(*network.notes, note))


def _spell(inputs: tuple[InputSpec, ...], why: str) -> str:
    seq = " or --seq" if any(spec.dtype == "int64" and len(spec.shape) == 1 for spec in inputs) else ""
    return f"it was run on {', '.join(map(str, inputs))}, chosen from {why}; change that with --input{seq}"


def _build(network: Network) -> nn.Module | None:
    """Build a network on the meta device; return None on failure, which the walk will report."""
    from archcost.profiling.place import build_on_meta
    from archcost.walk import run_undisturbed

    try:
        return run_undisturbed(lambda: build_on_meta(network).network)
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - a constructor may raise anything
        return None


class _Begun:
    """Builds a network; the first call on the meta device returns the module that already exists there."""

    def __init__(self, network: Network, module: nn.Module) -> None:
        self._build = network.build
        self._module: nn.Module | None = module

    def __call__(self) -> nn.Module:
        """Return the module."""
        import torch

        module, self._module = self._module, None
        on_meta = torch.get_default_device().type == "meta"
        return module if module is not None and on_meta else self._build()
