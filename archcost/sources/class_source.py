"""Shared code of the sources whose names are classes or functions of a library."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from archcost.errors import UnknownNetworkError, closest
from archcost.sources.choose import choose_inputs
from archcost.sources.libraries import import_library, load_beside_torchvision
from archcost.sources.network import Network
from archcost.sources.network_inputs import DEFAULT_INPUT
from archcost.sources.source import Source
from archcost.sources.user_code import build_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from archcost.sources.inputs import InputSpec
    from archcost.sources.spec import Spec


class ClassSource(Source):
    """A source of the classes in one or more modules of a library.

    `modules` are searched in order. `usual` maps names of required parameters to values.
    """

    modules: tuple[str, ...]
    usual: Mapping[str, Any] = {}

    def find(self, spec: Spec) -> Network:
        """Return the network of a class, with the usual values for missing arguments."""
        target = self.find_class(spec)
        arguments = {**self.choose_arguments(target, spec.arguments), **spec.arguments}
        added = {name: value for name, value in arguments.items() if name not in spec.arguments}
        said = ", ".join(f"{name}={value}" for name, value in added.items())
        inputs = self.describe_inputs(target, arguments, spec)
        choose = partial(choose_inputs, size=spec.size, seq=spec.seq) if inputs is None else None
        return Network(
            spec=spec.text,
            name=spec.target,
            build=self.prepare(target, arguments, spec),
            inputs=(DEFAULT_INPUT,) if inputs is None else inputs,
            choose=choose,
            notes=(f"it was built with {said}; change that with ?name=value",) if said else (),
        )

    def find_class(self, spec: Spec) -> Any:
        """Return the class of a name.

        Raises:
            UnknownNetworkError: the modules have no such class.
        """
        for module in self.modules:
            library = import_library(module, self.install)
            found = load_beside_torchvision(partial(getattr, library, spec.target, None))
            if callable(found):
                return found
        library = import_library(self.modules[0].partition(".")[0], self.install)
        names = [name.removeprefix(self.prefix) for name in self.names()]
        hint = closest(spec.target, names, f"it has {len(names)} networks")
        raise UnknownNetworkError(f"{library.__name__} has no network {spec.target!r}; {hint}")

    def choose_arguments(self, target: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return values for the required parameters that are not given."""
        demanded = [each.name for each in inspect.signature(target).parameters.values() if each.default is each.empty]
        return {name: self.usual[name] for name in demanded if name in self.usual and name not in given}

    def describe_inputs(self, target: Any, arguments: Mapping[str, Any], spec: Spec) -> tuple[InputSpec, ...] | None:
        """Return the inputs of a network; None if the module itself describes them."""
        del target, arguments, spec
        return None

    def prepare(self, target: Any, arguments: dict[str, Any], spec: Spec) -> Callable[[], nn.Module]:
        """Return a function that builds a network and downloads nothing."""
        return lambda: build_module(lambda: target(**arguments), spec.text)

    def names(self) -> Sequence[str]:
        """Return the classes that are networks."""
        from torch import nn

        found = {}
        for module in self.modules:
            library = import_library(module, self.install)
            for name in dir(library):
                kind = getattr(library, name, None) if name[:1].isupper() else None
                if isinstance(kind, type) and issubclass(kind, nn.Module):
                    found[f"{self.prefix}{name}"] = kind
        return list(found)
