"""The stack of running module calls."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import nn
from torch.nn.modules import module as torch_module

from archcost.records import ModuleCall, ModuleSpec, TensorSpec
from archcost.walk.checkpoints import is_chain
from archcost.walk.eager import CALL
from archcost.walk.notes import UNPADDED
from archcost.walk.tensors import PLAIN_TENSORS, find_tensors, innermost

transforming = torch._C._functorch.peek_interpreter_stack
count_function_modes = torch._C._len_torch_function_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from archcost.walk.meta import MetaDevice
    from archcost.walk.parts import Parts
    from archcost.walk.recorder import Recorder

    Shapes: TypeAlias = tuple[tuple[int, ...], ...]

NOTHING: tuple[tuple[()], tuple[()]] = ((), ())


def module_specs(parts: Parts) -> dict[nn.Module, ModuleSpec]:
    """Return the descriptions of a network's modules, by module, in `named_modules()` order.

    A layer with packed weights counts as one module together with its packs.
    """
    packs, specs = parts.packs, {}
    nothing = packs | {None}
    for path, module in parts.modules.items():
        if packs and module in packs:
            continue
        kind, children = type(module), module._modules
        leaf = not children or nothing.issuperset(children.values())
        chain: tuple[str, ...] = ()
        if children and is_chain(kind):
            chain = tuple([f"{path}.{name}" for name in children] if path else children)
        recurrent = _recurs(kind)  # type: ignore[arg-type] # classes do hash
        specs[module] = ModuleSpec(path, kind.__name__, leaf, recurrent, chain)
    return specs


def _repeats(args: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether a tensor occurs twice in a call's arguments."""
    tensors = [id(value) for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
    return len(set(tensors)) < len(tensors)


@functools.cache
def _recurs(kind: type[nn.Module]) -> bool:
    return issubclass(kind, nn.RNNBase | nn.RNNCellBase)


class Scopes:
    """The stack of module calls while a network runs.

    torch's global hooks tell of every call, but with them torch takes three times as long to call a module. On the meta
    device, where no other hooks may run in between, each module gets an attribute that torch calls in its place.

    Args:
        specs: the modules that count as scopes; all others belong to their callers.
        recorder: the recorder of operators; it numbers tensors and events, and holds the running calls.
        device: the meta device's mode, which rests while a quiet module runs.
        hooked: whether a module has hooks of its own.
    """

    def __init__(
        self, specs: dict[nn.Module, ModuleSpec], recorder: Recorder, device: MetaDevice | None, *, hooked: bool
    ) -> None:
        self._specs = specs
        self._recorder = recorder
        self._running = recorder.running
        self._describe = recorder.storages.describe
        self._notes = recorder.notes
        self._device = device
        # a real device may copy a module's attributes to a replica
        self._hooked = hooked or device is None
        # of each running module: its description, its place among the events, and whether the device may rest in it
        self._stack: list[tuple[nn.Module, ModuleSpec, int, bool]] = []
        self._calls: dict[int, ModuleCall] = {}
        self._started = 0
        self._handles: list[Any] = []
        self._replaced: list[tuple[dict[str, Any], Any]] = []

    def __enter__(self) -> Self:
        if torch_module._global_forward_pre_hooks or torch_module._global_forward_hooks:
            self._device = None  # the hooks of others may do anything, so it never rests
        if self._hooked or torch_module._has_any_global_hook():  # type: ignore[no-untyped-call]
            self._handles = [
                torch_module.register_module_forward_pre_hook(self._enter_module),
                torch_module.register_module_forward_hook(self._leave_module, with_kwargs=True, always_call=True),
            ]
            return self
        for module, spec in self._specs.items():
            table = module.__dict__
            own = table.get(CALL)  # of a module that `compile` has been called on
            self._replaced.append((table, own))
            table[CALL] = partial(self._call, module, spec, own or module._call_impl)
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
            # torch leaves this entry behind, and would keep the slow path for every module of the process
            torch_module._global_forward_hooks_with_kwargs.pop(handle.id, None)
        for table, own in self._replaced:
            if own is None:
                table.pop(CALL, None)
            else:
                table[CALL] = own

    @property
    def calls(self) -> tuple[ModuleCall, ...]:
        """The finished calls, in the order of their start."""
        return tuple([self._calls[index] for index in sorted(self._calls)])

    def _enter_module(self, module: nn.Module, _args: Any) -> None:
        # the hooks also receive calls of other threads, and of a walk within this one
        spec = self._specs.get(module)
        if spec is not None and self._recorder.is_on:
            self._start(module, spec)

    def _leave_module(self, module: nn.Module, args: Any, *rest: Any) -> None:
        stack = self._stack
        if not stack or stack[-1][0] is not module or not self._recorder.is_on:
            return
        # torch omits the keyword arguments if the forward raised
        named, output = rest if len(rest) > 1 else ({}, *rest)
        self._finish(module, args, named, output)
        if self._device is not None and module._forward_hooks:
            self._device.wake()  # the module's own hooks run next

    def _call(self, module: nn.Module, spec: ModuleSpec, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if not self._recorder.is_on:  # another thread, or a walk within this one
            return call(*args, **kwargs)
        self._start(module, spec)
        output = None
        try:
            output = call(*args, **kwargs)
        finally:
            self._finish(module, args, kwargs, output)
        return output

    def _start(self, module: nn.Module, spec: ModuleSpec) -> None:
        device = self._device
        quiet = device is not None and device.is_quiet(module)
        self._stack.append((module, spec, self._recorder.tick(), quiet))
        self._running.append(self._started)
        self._started += 1
        if device is not None:
            device.rest() if quiet else device.wake()

    def _finish(self, module: nn.Module, args: Any, named: Any, output: Any) -> None:
        stack = self._stack
        _, spec, order, _ = stack.pop()
        index = self._running.pop()
        if type(module) not in UNPADDED:  # few modules
            self._notes.add_padding(module, args, named)
        inputs, outputs = self._describe_leaf(args, named, output) if spec.leaf else NOTHING
        repeats = len(args) + len(named) > 1 and _repeats(args, named)
        self._calls[index] = ModuleCall(index, order, spec.path, self._running[-1], inputs, outputs, repeats)
        device = self._device
        if device is not None:  # the caller goes on
            device.rest() if stack and stack[-1][-1] else device.wake()

    def _describe_leaf(self, args: Any, named: Any, output: Any) -> tuple[Shapes, tuple[TensorSpec, ...]]:
        """Return the shapes of the tensors in a call's arguments, and the descriptions of its results."""
        plain = not named and len(args) == 1 and type(args[0]) in PLAIN_TENSORS and type(output) in PLAIN_TENSORS
        if plain and not (count_function_modes() or transforming()):  # most layers
            return (tuple(args[0].shape),), (self._describe(output),)
        given, results = find_tensors((args, named) if named else args), find_tensors(output)
        with torch._C.DisableTorchFunction():  # reading a shape must not trigger the network's function modes
            if transforming() is not None:
                given, results = list(map(innermost, given)), list(map(innermost, results))
            shapes = tuple([tuple(tensor.shape) for tensor in given])
            return shapes, tuple([self._describe(tensor) for tensor in results])
