"""torch without compilation, and without the attention fast path that depends on a mask's values."""

from __future__ import annotations

import sys
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import torch

from archcost.walk.higher_order import refuse_gradients
from archcost.walk.restoration import Restoration

if TYPE_CHECKING:
    from collections.abc import Callable

CALL = "_compiled_call_impl"  # the attribute that torch calls instead of the module; copies of a module lack it
COMPILER = "torch._dynamo"  # imported by the first checkpoint, by torch.compile, and by some meta kernels


class Eager:
    """While walks are running, `torch.compile` compiles nothing and `nn.TransformerEncoder` keeps padded places.

    Both are switches of the whole process: the first walk sets them, and the last walk of any thread restores them.
    """

    _lock, _walks, _switched = Lock(), 0, Restoration()

    def __enter__(self) -> None:
        with Eager._lock:
            if not Eager._walks:
                _switch(Eager._switched)
            Eager._walks += 1

    def __exit__(self, *_: object) -> None:
        with Eager._lock:
            Eager._walks -= 1
            if not Eager._walks:
                Eager._switched.put_back()


def _switch(switched: Restoration) -> None:
    mha = torch.backends.mha
    switched.add(partial(mha.set_fastpath_enabled, mha.get_fastpath_enabled()))
    mha.set_fastpath_enabled(False)
    flex = sys.modules.get("torch.nn.attention.flex_attention")
    if flex is not None:  # its device check would refuse the meta device
        switched.add(partial(setattr, flex, "_validate_device", flex._validate_device))
        flex._validate_device = refuse_gradients  # type: ignore[attr-defined]
    imported = COMPILER in sys.modules
    if imported:
        _force_eager(switched)
    original = torch.compile
    switched.add(partial(setattr, torch, "compile", original))
    torch.compile = partial(_compile_nothing, original, None if imported else switched)


def _compile_nothing(
    original: Callable[..., Any], switched: Restoration | None, model: Any = None, *args: Any, **kwargs: Any
) -> Any:
    """Call `torch.compile`; import the compiler only now, as that takes seconds and few networks use it.

    A module that compiles itself in the forward keeps the call by which the walk follows it.
    """
    if getattr(model, "__name__", "") == "_call_impl" and CALL in model.__self__.__dict__:
        return model.__self__.__dict__[CALL]
    if switched is not None:
        import torch._dynamo

        torch.compile = partial(_compile_nothing, original, None)
        _force_eager(switched)
    return original(model, *args, **kwargs)


def _force_eager(switched: Restoration) -> None:
    stance = torch.compiler.set_stance("force_eager")
    switched.add(partial(stance.__exit__, None, None, None))
    stance.__enter__()
