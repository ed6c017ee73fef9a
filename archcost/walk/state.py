"""Restoring a network exactly."""

from __future__ import annotations

import operator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost.walk.attributes import HOOKS, Fields, contents_of
from archcost.walk.restoration import Restoration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcost.walk.parts import Parts


MAPPINGS = (dict, Fields)  # a tuple is faster than a union, which Python would build for each check


@contextmanager
def as_found(parts: Parts) -> Iterator[None]:
    """Restore a network at the end, even if the body raises; see `keep_network`."""
    restoration = Restoration()
    with restoration, restoration:
        keep_network(parts, restoration)
        yield


def keep_network(parts: Parts, restoration: Restoration) -> None:
    """Add steps that restore modes, attributes, buffers, hooks, gradients and `requires_grad` of every module.

    The contents of lists, sets and mappings in attributes (including hooks), and of the objects in them, are restored.
    Buffers, tensors and random states in attributes are copied before and written back. The tensors stay the same
    objects with the same version, as a graph may hold them for its backward pass.
    """
    attributes = parts.attributes
    parameters = [parameter for _, parameter, _ in parts.parameters]
    held = {id(t): t for t in (*parameters, *[buffer for _, buffer, _ in parts.buffers], *attributes.tensors)}
    versions, learning, values = [], [], []
    for tensor in held.values():
        try:  # noqa: SIM105 - quicker than a context
            versions.append((tensor, tensor._version))
        except RuntimeError:  # it was made in inference mode, and has none
            pass
        learning.append((tensor, tensor.requires_grad))
        if not tensor.is_meta and not isinstance(tensor, nn.Parameter):
            values.append((tensor, tensor.detach().clone()))
    restoration.add(partial(_put_versions_back, versions))
    restoration.add(partial(_put_learning_back, learning))
    if values:
        restoration.add(partial(_put_values_back, values))
    if attributes.generators:
        random = [(generator, generator.get_state()) for generator in attributes.generators]
        restoration.add(partial(_put_random_states_back, random))
    contents = [(container, contents_of(container)) for container in attributes.filled]
    restoration.add(partial(_put_contents_back, attributes.empty, contents))
    restoration.add(partial(_put_tables_back, attributes.tables))
    set_gradients_aside(parameters, restoration)


def set_gradients_aside(tensors: Iterable[torch.Tensor], restoration: Restoration) -> None:
    """Remove gradients, to which a backward pass would add in place, and add a step that restores them."""
    gradients = [(tensor, tensor.grad) for tensor in tensors]
    restoration.add(partial(_put_gradients_back, gradients))
    for tensor, gradient in gradients:
        if gradient is not None:
            tensor.grad = None


def set_version(tensor: torch.Tensor, version: int) -> None:
    """Set a tensor's version counter, if it has changed."""
    if tensor._version != version:
        torch._C._autograd._unsafe_set_version_counter((tensor,), (version,))


def _put_random_states_back(states: list[tuple[torch.Generator, torch.Tensor]]) -> None:
    for generator, state in states:
        generator.set_state(state)


def _put_versions_back(tensors: list[tuple[torch.Tensor, int]]) -> None:
    for tensor, version in tensors:
        if tensor._version != version:
            set_version(tensor, version)


def _put_learning_back(tensors: list[tuple[torch.Tensor, bool]]) -> None:
    for tensor, requires_grad in tensors:
        if tensor.requires_grad != requires_grad:
            tensor.requires_grad_(requires_grad)


def _put_values_back(tensors: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
    with torch.inference_mode():  # inference mode allows writes into any tensor
        for tensor, value in tensors:
            if tensor.shape != value.shape:  # a quantisation observer resizes its buffers when it runs
                tensor.resize_(value.shape)
            if not torch.equal(tensor, value):
                tensor.copy_(value)


def _put_contents_back(empty: list[Any], filled: list[tuple[Any, Any]]) -> None:
    for container in filter(None, empty):
        container.clear()
    for container, contents in filled:
        if not _same(container, contents):
            refill(container, contents)


def _put_tables_back(tables: list[tuple[dict[str, Any], list[str], list[Any], list[Any]]]) -> None:
    """Restore the attributes of modules; a table of hooks that another empty one has replaced may stay."""
    for table, names, hooks, values in tables:
        now = [*table.values()]
        same = [*table] == names
        if same and hooks:
            same = now[HOOKS] == hooks  # quick, but other values might be equal and not the same
            del now[HOOKS]
        if not same or any(map(operator.is_not, now, values)):
            refill(table, dict(zip(names, [*values[: HOOKS.start], *hooks, *values[HOOKS.start :]], strict=True)))


def _put_gradients_back(gradients: list[tuple[torch.Tensor, torch.Tensor | None]]) -> None:
    for tensor, gradient in gradients:
        if tensor.grad is not gradient:
            tensor.grad = gradient


def refill(container: Any, contents: Any) -> None:
    """Restore the items of a list, set or dictionary, in their order."""
    container.clear()
    if isinstance(container, dict | set | Fields):
        container.update(contents)
    else:
        container.extend(contents)


def _same(container: Any, contents: Any) -> bool:
    if len(container) != len(contents) or any(map(operator.is_not, container, contents)):
        return False
    return not isinstance(container, MAPPINGS) or not any(map(operator.is_not, container.values(), contents.values()))
