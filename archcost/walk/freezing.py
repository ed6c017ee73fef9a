"""The parameters that train: all that require a gradient, all but some (freeze), or only some (train-only)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import accumulate
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from torch import nn

    from archcost.records import Training


def choose_trainable(network: nn.Module, training: Training) -> None:
    """Set `requires_grad` of a network's parameters for a training; parameters that it does not name are unchanged.

    A pattern matches a parameter by its own name or by the path of a module around it, such as "classifier.6" or
    "features.*".

    Raises:
        ArgumentError: a pattern matches no parameter.
    """
    parameters = dict(network.named_parameters(remove_duplicate=False))
    for pattern in (*training.freeze, *training.train_only):
        if not any(_matches(name, (pattern,)) for name in parameters):
            modules = ", ".join(name for name, _ in network.named_children()) or "no modules"
            raise ArgumentError(
                f"{pattern!r} matches no parameter of the network; it consists of {modules}; 'features.*' matches "
                "everything in features"
            )
    if training.train_only:
        for parameter in parameters.values():
            parameter.requires_grad = False
        for name, parameter in parameters.items():
            if _matches(name, training.train_only) and (parameter.is_floating_point() or parameter.is_complex()):
                parameter.requires_grad = True
    for name, parameter in parameters.items():
        if _matches(name, training.freeze):
            parameter.requires_grad = False


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    paths = accumulate(name.split("."), lambda path, part: f"{path}.{part}")
    return any(fnmatchcase(path, pattern) for path in paths for pattern in patterns)
