"""The global state of torch and the process around a walk: set aside while it runs, and restored exactly."""

from __future__ import annotations

import gc
import os
import random
import sys
import threading
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch._C import _autograd, _functorch
from torch.nn.modules import module as torch_module
from torch.utils import _device, _python_dispatch

from archcost.errors import ArgumentError
from archcost.uncompiled import never_compile
from archcost.walk.restoration import Restoration

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

# torch's flags for active dispatch modes, in addition to their stack
FLAGS = tuple(name for name in vars(_python_dispatch) if name.startswith("_is_in_"))
_flag = vars(_python_dispatch).get
HOOKS = tuple(
    table
    for name, table in vars(torch_module).items()
    if name.startswith("_global_") and isinstance(table, OrderedDict)
)
NO_HOOKS: list[list[Any]] = [[] for _ in HOOKS]
AUTOCASTS = tuple(torch._C._autocast_supported_devices())
NOWHERE = [False] * len(AUTOCASTS)
# the hooks, the random state and the garbage collector are shared by the process: one walk at a time
_turn = threading.RLock()
_at_start: list[tuple[object, ...]] = []  # the random state when the action began, until it is read again


@never_compile
def run_undisturbed(action: Callable[[], Result], *, collector: bool = False) -> Result:
    """Run an action isolated from the surrounding global state, restore that state, and return the action's result.

    Modes of torch around the call (dispatch and function modes, autocast, inference mode, no_grad) are off within, so
    they do not affect the result. Afterwards the modes, the global hooks, the random state of torch, Python and numpy,
    and the garbage collector are restored. Other threads wait for their turn; an action within an action (started by a
    hook) is isolated separately.

    Args:
        action: a function that walks a network.
        collector: keep Python's garbage collector on. Its timing depends on earlier allocations, so a walk switches it
            off, and only reference counts decide when a tensor dies. Its repeated searches of torch's objects also cost
            time.

    Raises:
        ArgumentError: a transform of `torch.func` or a tracer is active and cannot be set aside.
    """
    _refuse_transforms()
    restoration = Restoration()
    with _turn, restoration, restoration:
        if not collector and gc.isenabled():
            restoration.add(gc.enable)  # after all other steps, so that it does not search what they still hold
            gc.disable()
        _set_modes_aside(restoration)
        _keep_random_state(restoration)
        restoration.add(_leave_modes)
        return action()


def _keep_random_state(restoration: Restoration) -> None:
    """Add steps that restore the random state of torch (CPU and CUDA), Python and, if loaded, numpy."""
    python, numpy = _read_random_state()
    restoration.add(partial(random.setstate, python))
    if numpy:
        restoration.add(partial(sys.modules["numpy.random"].set_state, numpy))
    _at_start[:] = [_as_drawn(python, numpy)]
    restoration.add(_at_start.clear)
    generator = torch.default_generator
    restoration.add(partial(generator.set_state, generator.get_state()))
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        for index in range(torch.cuda.device_count()):
            restoration.add(partial(torch.cuda.set_rng_state, torch.cuda.get_rng_state(index), index))


def read_drawn(*, untouched: bool = False) -> tuple[object, ...]:
    """Return the random state of Python and numpy, which changes with each drawn number.

    If the action has so far run none of the network's code, it is `untouched`, and the state is known from its start.
    """
    found = _at_start.pop() if _at_start else None
    return found if untouched and found is not None else _as_drawn(*_read_random_state())


def _read_random_state() -> tuple[Any, Any]:
    numpy_random = sys.modules.get("numpy.random")
    return random.getstate(), () if numpy_random is None else numpy_random.get_state()


def _as_drawn(python: object, numpy: Any) -> tuple[object, ...]:
    """Return a random state as a tuple whose items can be compared."""
    if not numpy:
        return (python,)
    return python, *[part.tobytes() if hasattr(part, "tobytes") else part for part in numpy]


def _refuse_transforms() -> None:
    transform: Any = _functorch.peek_interpreter_stack()
    if transform is not None:
        active = f"torch.func's {transform.key().name.lower()}"
    elif torch._C._is_tracing():
        active = "torch.jit.trace"
    elif torch._ops._len_torch_dispatch_stack_pre_dispatch() or _traces_fakes():  # type: ignore[no-untyped-call]
        active = "a tracer of torch (torch.export, make_fx)"
    elif _traces_symbols():
        active = "torch.fx.symbolic_trace"
    else:
        return
    raise ArgumentError(f"archcost was called within {active}, whose tensors are placeholders; call it outside")


def _traces_fakes() -> bool:
    """Whether torch writes down what runs on fake tensors, for which it replaces operators by kernels of its own."""
    if not torch._C._len_torch_dispatch_stack():  # almost always; it counts torch's own modes, too
        return False
    keys = (torch._C._TorchDispatchModeKey.PROXY, torch._C._TorchDispatchModeKey.FAKE)
    return all(torch._C._get_dispatch_mode(key) is not None for key in keys)


def _traces_symbols() -> bool:
    """Whether torch.fx replaces the calls of modules by nodes of a graph; make_fx, which runs them, has a mode."""
    tracer: Any = sys.modules.get("torch.fx._symbolic_trace")
    if tracer is None or not tracer.is_fx_symbolic_tracing():
        return False
    return torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is None


def _set_modes_aside(restoration: Restoration) -> None:
    before = _read_settings()
    restoration.add(partial(_put_settings_back, before))
    _, _, flags, _, _, autocast, _, dispatch_modes, function_modes = before
    if any(flags):
        _set_flags([False] * len(FLAGS))
    if autocast != (off := (0, True, NOWHERE, autocast[3])):
        _set_autocast(off)
    if dispatch_modes:
        _set_dispatch_modes([])
    if function_modes:  # the modes of the user's default device stay; a walk's own devices are subclasses
        _set_function_modes([mode for mode in function_modes if type(mode) is _device.DeviceContext])
    normal = torch._C._InferenceMode(False)  # noqa: FBT003 - also restores the dispatcher's keys
    restoration.add(partial(normal.__exit__, None, None, None))
    normal.__enter__()  # type: ignore[no-untyped-call]


def _read_settings() -> list[Any]:
    """Return torch's settings, in the order of `WRITERS`."""
    return [
        torch.get_default_dtype(),
        [list(table.items()) for table in HOOKS] if any(HOOKS) else NO_HOOKS,
        [*map(_flag, FLAGS)],
        (_device.CURRENT_DEVICE, getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)),
        _saving_hooks(),
        _autocast(),
        torch.is_grad_enabled(),
        [*map(torch._C._get_dispatch_stack_at, range(torch._C._len_torch_dispatch_stack()))],
        [*map(torch._C._get_function_stack_at, range(torch._C._len_torch_function_stack()))],
    ]


def _put_settings_back(before: list[Any]) -> None:
    now = _read_settings()
    if now == before:  # almost always
        return
    steps = Restoration()  # all of them run, even if one fails
    for write, is_now, was in zip(WRITERS, now, before, strict=True):
        if is_now != was:
            steps.add(partial(write, was))
    steps.put_back()


def _leave_modes() -> None:
    """Leave all modes that the action left on, so that they do not disturb the following steps."""
    leave_dispatch_modes()
    if torch._C._len_torch_function_stack():
        _set_function_modes([])


def leave_dispatch_modes() -> None:
    """Leave the dispatch modes that an interrupt has left on: they would record the steps that restore a network."""
    if torch._C._len_torch_dispatch_stack():
        _set_dispatch_modes([])


def _set_dispatch_modes(modes: list[Any]) -> None:
    while torch._C._len_torch_dispatch_stack():
        torch._C._pop_torch_dispatch_stack(None)
    for mode in modes:
        torch._C._push_on_torch_dispatch_stack(mode)


def _set_function_modes(modes: list[Any]) -> None:
    while torch._C._len_torch_function_stack():
        torch._C._pop_torch_function_stack()
    for mode in modes:
        torch._C._push_on_torch_function_stack(mode)


def _saving_hooks() -> Any:
    return _autograd._top_saved_tensors_default_hooks(False)  # noqa: FBT003 - torch's own


def _set_saving_hooks(hooks: Any) -> None:
    """Remove the hooks above `hooks` on the stack; hooks from before the walk are always still on it."""
    while (top := _saving_hooks()) is not None and top != hooks:
        _autograd._pop_saved_tensors_default_hooks()


def _autocast() -> Any:
    nesting = torch.autocast_increment_nesting() - 1
    torch.autocast_decrement_nesting()
    enabled, dtypes = [*map(torch.is_autocast_enabled, AUTOCASTS)], [*map(torch.get_autocast_dtype, AUTOCASTS)]
    return nesting, torch.is_autocast_cache_enabled(), enabled, dtypes


def _set_autocast(state: Any) -> None:
    nesting, cache, *kinds = state
    while (now := torch.autocast_increment_nesting()) <= nesting:
        pass
    for _ in range(now - nesting):
        torch.autocast_decrement_nesting()
    torch.set_autocast_cache_enabled(cache)
    for kind, enabled, dtype in zip(AUTOCASTS, *kinds, strict=True):
        torch.set_autocast_enabled(kind, enabled)
        torch.set_autocast_dtype(kind, dtype)
    torch.clear_autocast_cache()


def _set_flags(values: Any) -> None:
    for name, value in zip(FLAGS, values, strict=True):
        setattr(_python_dispatch, name, value)


def _set_hooks(before: Any) -> None:
    for table, items in zip(HOOKS, before, strict=True):
        if list(table.items()) != items:
            table.clear()
            table.update(items)


def _set_devices(state: Any) -> None:
    _device.CURRENT_DEVICE, torch._GLOBAL_DEVICE_CONTEXT.device_context = state


WRITERS: tuple[Callable[[Any], object], ...] = (
    torch.set_default_dtype,
    _set_hooks,
    _set_flags,
    _set_devices,
    _set_saving_hooks,
    _set_autocast,
    torch._C._set_grad_enabled,
    _set_dispatch_modes,
    _set_function_modes,
)


def _take_new_turn() -> None:
    """Replace the lock: in a forked process the thread that held it no longer exists."""
    global _turn  # noqa: PLW0603
    _turn = threading.RLock()


os.register_at_fork(after_in_child=_take_new_turn)
