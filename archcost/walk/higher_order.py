"""Operators that run functions (cond, while_loop, scan, flex_attention), as a walk runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from archcost.errors import WalkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FLEX = "flex_attention"


def _cond(
    taken: Any, if_true: Callable[..., Any], if_false: Callable[..., Any], operands: Sequence[Any], **_: Any
) -> Any:
    return (if_true if taken else if_false)(*operands)


def _while_loop(
    goes_on: Callable[..., Any], body: Callable[..., Any], carried: Sequence[Any], others: Sequence[Any], **_: Any
) -> Any:
    first = carried
    while goes_on(*carried, *others):
        carried = body(*carried, *others)
    if carried is not first:
        return tuple(carried)
    return tuple([value.clone() if isinstance(value, torch.Tensor) else value for value in carried])


def _scan(
    step: Callable[..., Any], first: Sequence[Any], values: Sequence[torch.Tensor], others: Sequence[Any], **_: Any
) -> tuple[Any, ...]:
    """Run a scan row by row, and write the results of each step into tensors for all rows, as torch does.

    Before 2.13 torch runs the first step twice to learn the shapes of its results; it is counted once.
    """
    carried, results, places = tuple(first), list[Any](), list[Any]()
    for row in range(len(values[0])):
        returned = step(*carried, *[value.select(0, row) for value in values], *others)
        carried, found = tuple(returned[: len(first)]), returned[len(first) :]
        if row == 0:
            results = [None if each is None else _for_all_rows(each, len(values[0])) for each in found]
            places = [None if each is None else torch.ones_like(each, dtype=torch.int64).unsqueeze(0) for each in found]
        for result, place, each in zip(results, places, found, strict=True):
            if result is not None:
                result.scatter_(0, row * place, each.unsqueeze(0))
    return (*carried, *results)


def _for_all_rows(row: torch.Tensor, count: int) -> torch.Tensor:
    return torch.empty((count, *row.shape), dtype=row.dtype, device=row.device)


def _map(function: Callable[..., Any], values: Sequence[torch.Tensor], others: Sequence[Any], **_: Any) -> Any:
    results = [function(*row, *others) for row in zip(*values, strict=True)]
    if isinstance(results[0], torch.Tensor):
        return torch.stack(results)
    return tuple([torch.stack(result) for result in zip(*results, strict=True)])


def _out_dtype(operator: Any, dtype: torch.dtype, *operands: Any) -> Any:
    tensors = [operand for operand in operands if isinstance(operand, torch.Tensor)]
    if operator is torch.ops.aten.mm.default and {tensor.dtype for tensor in tensors} == {torch.int8}:
        return torch._int_mm(*operands)
    return operator(*(value.to(dtype) if isinstance(value, torch.Tensor) else value for value in operands))


# The functions run operator by operator, as in a real run, and each operator is counted. The keyword arguments of some
# releases of torch (the arguments that a function writes) matter to its compiler only.
RUN: Mapping[str, Callable[..., Any]] = {
    "cond": _cond,
    "while_loop": _while_loop,
    "scan": _scan,
    "map_impl": _map,
    "out_dtype": _out_dtype,
}


def attend_on_meta(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any) -> tuple[torch.Tensor, ...]:
    """Return flex_attention's results on the meta device, where torch refuses to run it."""
    del key
    results = torch.empty_like(query[..., :1]).expand(*query.shape[:-1], value.shape[-1])
    statistics = torch.empty(query.shape[:-1], dtype=torch.float32, device="meta")
    return torch.empty_like(results), statistics, torch.empty_like(statistics)


def refuse_gradients(*tensors: torch.Tensor) -> None:
    """Let flex_attention run on every device without training; torch trains it on a GPU only.

    Raises:
        WalkError: a gradient is required.
    """
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        raise WalkError("flex_attention trains on a GPU only; profile the network without a training step")
