"""fvcore's count of a network, without its side effects."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from archcost.records.opinions import Count
from archcost.verify.observe import describe_error
from archcost.walk.modes import set_mode
from archcost.walk.parts import Parts
from archcost.walk.state import as_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

NAMES = {"conv": "convolution"}


def count_with_fvcore(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Count:
    """Count a network in eval mode with fvcore; if fvcore cannot trace it, return the reason."""
    try:
        inputs = _order_arguments(module, args, kwargs)
        with (
            as_found(Parts(module)),
            _restore_hooks(module),
            warnings.catch_warnings(),
            torch.no_grad(),
        ):
            warnings.simplefilter("ignore")
            set_mode(module, training=False)
            return _count(module, inputs)
    except Exception as error:  # noqa: BLE001 - it fails in many ways: assertions, index errors, the tracer's own
        return Count(by_operator={}, skipped={}, failure=describe_error(error))


def _count(module: nn.Module, inputs: tuple[Any, ...]) -> Count:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, inputs)
    analysis.unsupported_ops_warnings(enabled=False).uncalled_modules_warnings(enabled=False).tracer_warnings("none")
    counts = analysis.by_operator()
    return Count(
        by_operator={NAMES.get(name, name): int(count) for name, count in counts.items()},
        skipped={name.removeprefix("aten::"): int(calls) for name, calls in sorted(analysis.unsupported_ops().items())},
    )


def _order_arguments(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Order keyword arguments as the forward's positions, because fvcore takes only positional arguments."""
    if not kwargs:
        return args
    bound = inspect.signature(module.forward).bind(*args, **kwargs)
    if bound.kwargs:
        raise TypeError(f"fvcore takes positional arguments only, and {', '.join(bound.kwargs)} cannot be given so")
    return bound.args


@contextmanager
def _restore_hooks(module: nn.Module) -> Iterator[None]:
    """Remove the hooks that fvcore leaves on a network whose forward raises."""
    tables = [
        (table, dict(table))
        for each in module.modules()
        for table in (each._forward_pre_hooks, each._forward_hooks)  # noqa: SLF001
    ]
    try:
        yield
    finally:
        for table, entries in tables:
            table.clear()
            table.update(entries)
