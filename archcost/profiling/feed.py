"""The arguments that a network is run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from archcost.sources import Network
    from archcost.walk import Values

Given = tuple[tuple[Any, ...], dict[str, Any]]  # positional and keyword arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The arguments of a run: tensors to pass unchanged, or descriptions of tensors to create.

    `arrange` places the created tensors among the other arguments of the call.

    Raises:
        ArgumentError: the batch size is negative.
    """

    args: tuple[Any, ...] | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    specs: tuple[InputSpec, ...] = ()
    batch: int = 1
    arrange: Callable[[Sequence[torch.Tensor]], Given] | None = None

    def __post_init__(self) -> None:
        if self.batch < 0:
            raise ArgumentError(f"a batch has at least 0 images, not {self.batch}")

    def on(self, device: str, values: Values | None = None) -> Given:
        """Return positional and keyword arguments on a device; record in `values` the contents of meta tensors."""
        if self.args is not None:
            from archcost.walk.arguments import copy_arguments, move

            given = self.args, dict(self.kwargs)
            return copy_arguments(given, lambda tensor: move(tensor, device, values))  # type: ignore[no-any-return]
        from archcost.sources.assemble import assemble

        if self.arrange is not None:
            return self.arrange([self._make(spec, device, values) for spec in self.specs])
        return assemble(self.specs, self.batch, lambda spec: self._make(spec, device, values))

    def _make(self, spec: InputSpec, device: str, values: Values | None) -> Any:
        """Create one argument; if it is small and its contents are known, record them in `values`."""
        from torch import Tensor

        from archcost.walk.values import is_small

        made = spec.make(self.batch, device)
        known = spec.value is not None or spec.file is not None or not spec.is_floating
        if values is not None and isinstance(made, Tensor) and known and is_small(made):
            values.learn(made, spec.make(self.batch, "cpu"))
        return made


def describe_feed(network: Network, inputs: Sequence[InputSpec], batch: int) -> Feed:
    """Return the arguments that the descriptions of --input stand for; without any, the network's own."""
    specs, arrange = network.find_inputs(inputs)
    return Feed(specs=specs, arrange=arrange, batch=batch)


def feed_of(network: Network, inputs: Any, kwargs: Mapping[str, Any] | None, batch: int) -> Feed:
    """Return the arguments for a caller's inputs: tensors, descriptions, or nothing."""
    if isinstance(inputs, InputSpec):
        inputs = (inputs,)
    if isinstance(inputs, (list, tuple)) and inputs and all(isinstance(item, InputSpec) for item in inputs):
        return describe_feed(network, inputs, batch)
    if inputs is None and kwargs is None:
        return describe_feed(network, (), batch)
    several = isinstance(inputs, tuple) or (isinstance(inputs, list) and not any(map(_is_record, inputs)))
    args = () if inputs is None else tuple(inputs) if several else (inputs,)
    return Feed(args=args, kwargs=dict(kwargs or {}), batch=batch)


def _is_record(item: Any) -> bool:
    """Whether an item of a list is a sample of a batch (a mapping or dataclass) rather than an argument."""
    return isinstance(item, Mapping) or is_dataclass(item)
