"""Inputs of a network that the user does not describe: the module says what it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archcost.errors import UsageError, WalkError, spell
from archcost.sources.inputs import InputSpec
from archcost.sources.network import DEFAULT_INPUT

if TYPE_CHECKING:
    from torch import nn

    from archcost.sources import Network
    from archcost.sources.network import Choice

WORDS = InputSpec(shape=(128,), dtype="int64")
SIGNS = ("embedding", "indices")  # of torch's complaint about an embedding that is given floats


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
        return replace(network, why="nothing: it does not say what it takes, so it gets a picture")
    return network if choice is None else _take(network, choice)


def give_words(network: Network, error: WalkError) -> Network | None:
    """Return a network that is given words, where pictures that nobody chose failed at an embedding; None otherwise."""
    text = spell(error).lower()
    if network.inputs != (DEFAULT_INPUT,) or not all(sign in text for sign in SIGNS):
        return None
    note = _spell((WORDS,), "an embedding that refused floating-point numbers")
    return replace(network, inputs=(WORDS,), notes=(*network.notes, note))


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
