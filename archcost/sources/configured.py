"""Inputs of the networks of transformers and diffusers, by their configurations."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from archcost.sources import configured_diffusers, configured_transformers

if TYPE_CHECKING:
    from torch import nn

    from archcost.sources.inputs import InputSpec

# by the name of the library's base class
DESCRIBERS = {
    "PreTrainedModel": configured_transformers.describe,
    "ModelMixin": configured_diffusers.describe,
}


def describe_configured(module: nn.Module, *, size: tuple[int, int] | None, seq: int) -> tuple[InputSpec, ...]:
    """Return the inputs that a network's configuration describes; empty if it describes none."""
    config: Any = getattr(module, "config", None)
    describe = next((DESCRIBERS[base.__name__] for base in type(module).__mro__ if base.__name__ in DESCRIBERS), None)
    if config is None or describe is None:
        return ()
    parameters = dict(inspect.signature(module.forward).parameters)
    dtypes = {str(each.dtype).removeprefix("torch.") for each in module.parameters() if each.is_floating_point()}
    dtype = dtypes.pop() if len(dtypes) == 1 else "float32"
    return tuple(spec.cast(dtype) for spec in describe(module, parameters, size, seq))
