"""A network that can be built where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from archcost.sources.part import Inputs

DEFAULT_INPUT = InputSpec(shape=(3, 224, 224))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network by name, and how to make it.

    `build` makes it on torch's default device of the moment. `given` is the module itself where the user has one
    already; then nothing is built. `fits` is, for a network of the zoo, the input that it was published with, whatever
    size its name asks for. `inputs` are those of the whole network where this is a module of one: `describe` finds what
    the module then gets.
    """

    spec: str
    name: str
    build: Callable[[], nn.Module]
    inputs: tuple[InputSpec, ...] = (DEFAULT_INPUT,)
    notes: tuple[str, ...] = ()
    given: nn.Module | None = None
    fits: InputSpec | None = None
    describe: Callable[[tuple[InputSpec, ...]], Inputs] | None = None

    def find_inputs(self, given: Sequence[InputSpec] = ()) -> Inputs:
        """Return what it runs on, from a user's inputs of the whole network, or else from its own."""
        from archcost.sources.part import Inputs

        specs = tuple(given) or self.inputs
        return Inputs(specs) if self.describe is None else self.describe(specs)


def wrap_module(value: Any) -> Network:
    """Take a module that exists: nn.Module, ScriptModule, ExportedProgram, or one that torch.compile wraps.

    Raises:
        ArgumentError: anything else.
    """
    from torch import nn

    module = value
    if not isinstance(module, nn.Module) and callable(getattr(module, "module", None)):
        module = module.module()  # torch.export.ExportedProgram
    while isinstance(getattr(module, "_orig_mod", None), nn.Module):
        module = module._orig_mod  # noqa: SLF001 - torch.compile's wrapper
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        module = module.module
    if not isinstance(module, nn.Module):
        raise ArgumentError(
            f"a network is a name or a torch.nn.Module, not {type(value).__name__}; see `archcost list` for the names"
        )
    kind = type(module).__name__
    return Network(spec=f"{type(module).__module__}:{kind}", name=kind, build=lambda: module, given=module)
