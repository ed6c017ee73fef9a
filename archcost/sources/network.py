"""A network that can be built on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.sources.choose import choose_inputs
from archcost.sources.network_inputs import DEFAULT_INPUT, Choice, Inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from archcost.sources.inputs import InputSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network's name, and the way to build it.

    Attributes:
        build: builds the network on torch's current default device.
        inputs: its default inputs.
        training_inputs: the inputs of its forward in training if they differ, as with a detector's targets.
        why: the origin of `inputs`, for a reader.
        choose: returns the inputs that a built module describes, or None; the attribute is None if `inputs` are already
            known. `archcost.profiling.choice` calls it.
        given: the user's existing module; then nothing is built.
        fits: for a network of the zoo, the input of its publication, even if its name requests another size.
        describe: for a module of a network, returns its inputs, given inputs of the whole network.
    """

    spec: str
    name: str
    build: Callable[[], nn.Module]
    inputs: tuple[InputSpec, ...] = (DEFAULT_INPUT,)
    training_inputs: tuple[InputSpec, ...] = ()
    choose: Callable[[nn.Module], Choice | None] | None = None
    why: str = "the source's default"
    notes: tuple[str, ...] = ()
    given: nn.Module | None = None
    fits: InputSpec | None = None
    describe: Callable[[tuple[InputSpec, ...]], Inputs] | None = None

    def find_inputs(self, given: Sequence[InputSpec] = ()) -> Inputs:
        """Return the inputs, from a user's inputs of the whole network or else from its own."""
        return Inputs(tuple(given) or self.inputs) if self.describe is None else self.describe(tuple(given))


def wrap_module(value: Any) -> Network:
    """Return the network of an existing nn.Module, ScriptModule, ExportedProgram or compiled module.

    Raises:
        ArgumentError: the value is anything else.
    """
    import torch

    nn, module = torch.nn, value
    if not isinstance(module, nn.Module) and callable(getattr(module, "module", None)):
        module = module.module()  # torch.export.ExportedProgram
    while isinstance(module, nn.Module) and "_orig_mod" in module._modules:  # noqa: SLF001 - torch.compile's wrapper
        module = module._modules["_orig_mod"]  # noqa: SLF001
    if (
        isinstance(module, nn.Module)
        and "module" in module._modules  # noqa: SLF001 - quick and rarely true; the next class is abstract, and slow
        and isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel))
    ):
        module = module.module
    if not isinstance(module, nn.Module):
        raise ArgumentError(
            f"a network is a name or a torch.nn.Module, not {type(value).__name__}; see `archcost list` for the names"
        )
    kind = type(module).__name__
    spec = f"{type(module).__module__}:{kind}"
    return Network(spec=spec, name=kind, build=lambda: module, given=module, choose=choose_inputs)
