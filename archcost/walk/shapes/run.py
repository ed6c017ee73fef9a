"""run(operator, arguments): by a shape rule if one applies, else by torch."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from archcost.errors import RuleError
from archcost.walk.shapes.table import RULES, aten
from archcost.walk.tensors import PLAIN_TENSORS, map_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator


# torch refuses these on the meta device, so there is no result to compare with
ONLY_OURS = {
    aten._fused_sgd_.default,
    aten.mkldnn_rnn_layer.default,
    aten.mkldnn_rnn_layer_backward.default,
    aten._grouped_mm.default,
    aten.fake_quantize_per_tensor_affine_cachemask.default,
    aten.fake_quantize_per_channel_affine_cachemask.default,
    aten._fake_quantize_per_tensor_affine_cachemask_tensor_qparams.default,
}
PLAIN = frozenset((int, float, bool, type(None), torch.dtype))


class Check:
    """Compares the results of rules with torch's; the same call is compared only once."""

    def __init__(self) -> None:
        self.operators: set[Any] = set()
        self._right: set[Any] = set()

    def __call__(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], ours: Any) -> None:
        """Compare one result.

        Raises:
            RuleError: shapes, dtypes, strides or devices differ.
        """
        if func in ONLY_OURS:
            return
        call = (func, _signature(args), _signature(kwargs))
        if call in self._right:
            return
        count = 1 if func is aten.native_batch_norm.default and not args[5] else None  # see `norms.batch_norm`
        expected, found = _signature(func(*args, **kwargs))[:count], _signature(ours)[:count]
        if expected != found and found != _signature_on_cpu(func, args, kwargs)[:count]:  # torch's own may be wrong
            raise RuleError(f"the shape rule of {func} says {found}, torch says {expected}; it was given {call[1:]}")
        self._right.add(call)
        self.operators.add(func)


_checks: list[Check] = [Check()] if os.environ.get("ARCHCOST_CHECK_SHAPES", "0") != "0" else []


@contextmanager
def check_answers() -> Iterator[Check]:
    """While active, compare every result of a rule with torch's; the yielded `operators` are the compared ones."""
    check = Check()
    _checks.append(check)
    try:
        yield check
    finally:
        _checks.remove(check)


def is_checking() -> bool:
    """Whether results are compared with torch's."""
    return bool(_checks)


def run(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return an operator's result: on the meta device by a rule if one applies, else by torch."""
    result = by_rule(func, args, kwargs)
    return func(*args, **kwargs) if result is NotImplemented else result


def by_rule(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return an operator's result by a rule; NotImplemented if none applies."""
    rule = RULES.get(id(func))
    if rule is None or not on_meta(args):
        return NotImplemented
    result = rule(*args, **kwargs)
    if result is not NotImplemented:
        for check in _checks:
            check(func, args, kwargs, result)
    return result


def on_meta(arguments: tuple[Any, ...]) -> bool:
    """Whether every tensor in an operator's arguments, including lists, is on the meta device."""
    for value in arguments:
        kind = type(value)
        if kind in PLAIN:
            continue
        if kind in PLAIN_TENSORS:
            if not value.is_meta:
                return False
        elif kind is list:
            if value and type(value[0]) is not int and not on_meta(tuple(value)):
                return False
        elif isinstance(value, torch.Tensor) and not value.is_meta:
            return False
    return True


def _signature_on_cpu(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the signature of the CPU kernel's result for zeros, moved to the meta device; empty without a kernel."""

    def real(tensor: torch.Tensor) -> torch.Tensor:
        nbytes: Any = tensor.untyped_storage().nbytes()
        values = torch.zeros(nbytes // tensor.element_size(), dtype=tensor.dtype, device="cpu")
        return values.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())

    try:
        made = func(*map_tensors(real, args), **map_tensors(real, kwargs))
    except (NotImplementedError, RuntimeError):
        return ()
    return _signature(map_tensors(lambda tensor: tensor.to("meta"), made))


def _signature(value: Any) -> Any:
    """Return the properties of an argument or a result that shapes depend on, in a hashable form."""
    if isinstance(value, torch.Tensor):
        return (tuple(value.shape), value.stride(), value.dtype, str(value.device))
    if isinstance(value, list | tuple):
        return tuple(map(_signature, value))
    if isinstance(value, dict):
        return tuple((key, _signature(item)) for key, item in value.items())
    return value
