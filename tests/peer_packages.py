"""Imports torchvision and timm like the program itself, for tests that compare with their networks."""

import functools
import warnings

import pytest

from archcost.errors import MissingPackageError
from archcost.sources.libraries import import_library


@functools.cache
def _imported(name):
    # `import torchvision` fails beside a CPU build of torch; archcost's import declares the missing operators
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_library(name)


def peer(name):
    """Return the package or module of that name; skip the test if it is not installed."""
    try:
        return _imported(name)
    except MissingPackageError as error:
        pytest.skip(str(error))
