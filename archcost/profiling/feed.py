"""What a network is run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from archcost.sources import InputSpec, Network
    from archcost.walk import Values

Given = tuple[tuple[Any, ...], dict[str, Any]]  # positional and keyword arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a network is run on: tensors to be passed as they are, or descriptions of tensors to make.

    `arrange` puts the tensors that are made where a call has them, beside what is not a tensor.

    Raises:
        ArgumentError: a batch of less than nothing.
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
        """Return positional and keyword arguments on a device; `values` are told what those on the meta device hold."""
        from archcost.walk.arguments import copy_arguments

        if self.args is not None:

            def move(tensor: torch.Tensor) -> torch.Tensor:
                # a copy of its own, so that neither a forward in place nor a backward reaches the caller's tensor
                if tensor.is_nested:  # the walk says why it cannot be counted
                    return tensor
                moved = tensor.detach().to(device, copy=True).requires_grad_(tensor.requires_grad)
                if values is not None:
                    values.learn(moved, tensor)
                return moved

            return copy_arguments((self.args, dict(self.kwargs)), move)  # type: ignore[no-any-return]
        from archcost.sources.assemble import assemble

        if self.arrange is not None:
            return self.arrange([self._make(spec, device, values) for spec in self.specs])
        return assemble(self.specs, self.batch, lambda spec: self._make(spec, device, values))

    def _make(self, spec: InputSpec, device: str, values: Values | None) -> Any:
        """Make one argument; where it is small and known, `values` learn what it holds."""
        from torch import Tensor

        from archcost.walk.values import is_small

        made = spec.make(self.batch, device)
        known = spec.value is not None or spec.file is not None or not spec.is_floating
        if values is not None and isinstance(made, Tensor) and known and is_small(made):
            values.learn(made, spec.make(self.batch, "cpu"))
        return made


def describe_feed(network: Network, inputs: Sequence[InputSpec], batch: int) -> Feed:
    """Return what a network is run on, from inputs as --input describes them; none: its own."""
    specs, arrange = network.find_inputs(inputs)
    return Feed(specs=specs, arrange=arrange, batch=batch)


def feed_of(network: Network, inputs: Any, kwargs: Mapping[str, Any] | None, batch: int) -> Feed:
    """Return what a network is run on, from what a caller gave: tensors, descriptions, or nothing."""
    from archcost.sources import InputSpec

    if isinstance(inputs, InputSpec):
        inputs = (inputs,)
    if isinstance(inputs, list | tuple) and inputs and all(isinstance(item, InputSpec) for item in inputs):
        return describe_feed(network, inputs, batch)
    if inputs is None and kwargs is None:
        return describe_feed(network, (), batch)
    several = isinstance(inputs, tuple) or (isinstance(inputs, list) and not any(map(_is_record, inputs)))
    args = () if inputs is None else tuple(inputs) if several else (inputs,)
    return Feed(args=args, kwargs=dict(kwargs or {}), batch=batch)


def _is_record(item: Any) -> bool:
    """Whether an item of a list is one of a batch's samples rather than an argument: a mapping, a dataclass."""
    return isinstance(item, Mapping) or is_dataclass(item)
