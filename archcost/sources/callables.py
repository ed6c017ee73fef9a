"""Shared code of the sources that call a user's own code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, UnknownNetworkError, closest
from archcost.sources.choose import choose_inputs
from archcost.sources.config_classes import gather_arguments
from archcost.sources.inputs import InputSpec
from archcost.sources.network import Network
from archcost.sources.network_inputs import DEFAULT_INPUT
from archcost.sources.table import correct_source
from archcost.sources.user_code import run_user_code

if TYPE_CHECKING:
    from torch import nn

    from archcost.sources.spec import Spec


def find_network(module: Any, spec: Spec) -> Network:
    """Return the network that is an attribute of a user's module, or the result of calling that attribute.

    Raises:
        UnknownNetworkError: the module has no such attribute.
    """
    target = run_user_code(lambda: _read_attribute(module, spec), f"importing {spec.text}")
    example = getattr(module, "example_inputs", None)
    if callable(example):
        example = partial(run_user_code, example, "example_inputs()")
    return Network(
        spec=spec.text,
        name=spec.target,
        build=lambda: _build(target, spec),
        inputs=(InputSpec(shape=(3, *spec.size)) if spec.size else DEFAULT_INPUT,),
        choose=partial(choose_inputs, example=example, size=spec.size, seq=spec.seq),
    )


def _read_attribute(module: Any, spec: Spec) -> Any:
    value = module
    for part in spec.target.split("."):
        if not hasattr(value, part):
            names = [name for name, item in vars(module).items() if callable(item) and not name.startswith("_")]
            public = names or [
                name for name in dir(module) if name[:1].isupper()
            ]  # some packages import names on demand
            hint = closest(
                part,
                public,
                correct_source(spec.source, spec.target) if not names else f"it has {', '.join(names[:8])}",
            )
            raise UnknownNetworkError(f"{spec.source} has no {spec.target!r}; {hint}")
        value = getattr(value, part)
    return value


def _build(target: Any, spec: Spec) -> nn.Module:
    from torch import nn

    network = target
    if not isinstance(target, nn.Module):
        if not callable(target):
            raise ArgumentError(f"{spec.text!r} is {type(target).__name__}, neither a callable nor a torch.nn.Module")
        given = ", ".join(f"{key}={value!r}" for key, value in spec.arguments.items())
        arguments = gather_arguments(target, spec)
        network = run_user_code(lambda: target(**arguments), f"{spec.target}({given})")
    if not isinstance(network, nn.Module):
        raise ArgumentError(f"{spec.text!r} returned {type(network).__name__}, not a torch.nn.Module")
    return network
